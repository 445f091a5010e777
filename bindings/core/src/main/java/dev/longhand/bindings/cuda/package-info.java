/**
 * The CUDA driver as the kernels see it: {@link dev.longhand.bindings.cuda.CudaDriver}, how to find
 * out whether this machine has one, and how to open it. The only package that uses {@code jcuda.*}
 * and the driver bindings that jextract generated.
 */
@NullMarked
package dev.longhand.bindings.cuda;

import org.jspecify.annotations.NullMarked;
