/**
 * The PTX device: our CUDA driver library that runs PTX on the CPU and checks it. It is used
 * through {@link dev.longhand.bindings.cuda.CudaDriver} like any other driver; this package loads
 * it and offers its controls beyond the driver API. The only package that imports the bindings of
 * those controls.
 */
@NullMarked
package dev.longhand.bindings.ptx;

import org.jspecify.annotations.NullMarked;
