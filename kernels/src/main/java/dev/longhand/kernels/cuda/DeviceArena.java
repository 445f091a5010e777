package dev.longhand.kernels.cuda;

import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

import java.util.ArrayList;
import java.util.List;

/** Device tensors that are freed together. */
final class DeviceArena implements TensorArena {
    private final DeviceMemory memory;
    private final List<Long> addresses = new ArrayList<>();

    DeviceArena(DeviceMemory memory) {
        this.memory = memory;
    }

    @Override
    public DeviceTensor allocate(DType dtype, Shape shape) {
        DeviceTensor tensor = DeviceTensor.zeros(memory, dtype, shape);
        addresses.add(tensor.address());
        return tensor;
    }

    @Override
    public void close() {
        DeviceMemory.release(() -> addresses.forEach(memory::free));
        addresses.clear();
    }
}
