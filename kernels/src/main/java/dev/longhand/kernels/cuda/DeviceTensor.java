package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

/** A tensor that lives on the device alone, such as an activation. */
record DeviceTensor(DType dtype, Shape shape, long address) implements CudaTensor {
    /** Allocates a tensor of zeros. */
    static DeviceTensor zeros(DeviceMemory memory, DType dtype, Shape shape) {
        return new DeviceTensor(dtype, shape, memory.allocateZeros(dtype.bytes(shape)));
    }
}
