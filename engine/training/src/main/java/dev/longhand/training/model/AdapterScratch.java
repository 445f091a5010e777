package dev.longhand.training.model;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.MemorySegment;

/** Memory that the linear layers with adapters share, valid within one call. */
final class AdapterScratch {
    private final MemorySegment gradient;
    private final MemorySegment dropped;

    /**
     * Allocates the memory.
     *
     * @param gradients elements of the largest gradient of t
     * @param inputs elements of the largest input that dropout copies
     */
    AdapterScratch(TensorMemory memory, long gradients, long inputs) {
        gradient = memory.rows(1, gradients).data();
        dropped = memory.rows(1, inputs).data();
    }

    HostTensor gradient(Shape shape) {
        return view(gradient, shape);
    }

    HostTensor dropped(Shape shape) {
        return view(dropped, shape);
    }

    private static HostTensor view(MemorySegment memory, Shape shape) {
        return new HostTensor(DType.F32, shape, memory.asSlice(0, DType.F32.bytes(shape)));
    }
}
