/** SwiGLU and its kin, and soft caps: contracts and references. */
@NullMarked
package dev.longhand.kernels.activation;

import org.jspecify.annotations.NullMarked;
