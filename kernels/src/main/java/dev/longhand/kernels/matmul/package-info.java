/** Linear layers: weight groups, contract and reference. */
@NullMarked
package dev.longhand.kernels.matmul;

import org.jspecify.annotations.NullMarked;
