/**
 * The CUDA driver as the kernels see it: a door, {@link dev.longhand.bindings.cuda.CudaDriver}, and
 * whether there is anything behind it on this machine. The only package that touches {@code
 * jcuda.*}.
 */
@NullMarked
package dev.longhand.bindings.cuda;

import org.jspecify.annotations.NullMarked;
