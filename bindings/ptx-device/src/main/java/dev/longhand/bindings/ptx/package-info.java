/**
 * The PTX device: a CUDA driver library of ours that runs PTX on the CPU and watches it. It is used
 * through {@link dev.longhand.bindings.cuda.CudaDriver} like any other; this package finds it and
 * reaches what it has beside the driver's functions. The only one that imports those bindings.
 */
@NullMarked
package dev.longhand.bindings.ptx;

import org.jspecify.annotations.NullMarked;
