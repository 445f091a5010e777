/**
 * The CUDA driver as the kernels see it: a door, {@link dev.longhand.bindings.cuda.CudaDriver},
 * whether there is anything behind it on this machine, and how it is opened. The only package that
 * touches {@code jcuda.*} or imports the bindings of the driver that jextract generated.
 */
@NullMarked
package dev.longhand.bindings.cuda;

import org.jspecify.annotations.NullMarked;
