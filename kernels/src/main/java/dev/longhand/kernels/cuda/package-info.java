/**
 * The CUDA backend: our kernels, launched over {@link dev.longhand.bindings.cuda.CudaDriver}. The
 * same code drives an NVIDIA GPU and the PTX device. Not confirmed on a GPU yet.
 */
@NullMarked
package dev.longhand.kernels.cuda;

import org.jspecify.annotations.NullMarked;
