/** Tensors: a dtype, a shape and memory that belongs to a backend or to the host. */
@NullMarked
package dev.longhand.kernels.tensor;

import org.jspecify.annotations.NullMarked;
