package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/** A tensor that lives on the device alone, such as an activation. */
record DeviceTensor(DType dtype, Shape shape, long address) implements CudaTensor {
    /** Allocates a tensor of zeros. */
    static DeviceTensor zeros(DeviceMemory memory, DType dtype, Shape shape) {
        return new DeviceTensor(dtype, shape, memory.allocateZeros(dtype.bytes(shape)));
    }

    /**
     * Returns the address of a tensor on the device.
     *
     * @throws IllegalArgumentException if it is not there
     */
    static long address(Tensor tensor) {
        if (tensor instanceof DeviceTensor device) {
            return device.address;
        }
        throw new IllegalArgumentException("a tensor outside the device's memory");
    }

    @Override
    public DeviceTensor view(long first, Shape part) {
        if (first < 0 || first + part.elements() > shape.elements()) {
            throw new IndexOutOfBoundsException(
                    "%s from %d on in %s".formatted(part, first, shape));
        }
        return new DeviceTensor(dtype, part, address + first * dtype.bytes());
    }
}
