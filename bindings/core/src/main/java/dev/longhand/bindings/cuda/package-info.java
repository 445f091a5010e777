/**
 * The CUDA driver API for the kernels: {@link dev.longhand.bindings.cuda.CudaDriver}, and how to
 * probe for a device and open it. The only package that uses {@code jcuda.*} and the driver's
 * jextract bindings.
 */
@NullMarked
package dev.longhand.bindings.cuda;

import org.jspecify.annotations.NullMarked;
