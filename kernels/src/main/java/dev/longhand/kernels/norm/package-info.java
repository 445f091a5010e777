/** RMSNorm: contract and reference. */
@NullMarked
package dev.longhand.kernels.norm;

import org.jspecify.annotations.NullMarked;
