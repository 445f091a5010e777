/** SwiGLU: contract and reference. */
@NullMarked
package dev.longhand.kernels.activation;

import org.jspecify.annotations.NullMarked;
