package dev.longhand.training.model;

import dev.longhand.kernels.backend.TensorArena;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.MemorySegment;

/** Allocates F32 tensors and counts their bytes; without an arena, it only counts. */
final class TensorMemory {
    private final @Nullable TensorArena arena;
    private long bytes;

    TensorMemory(@Nullable TensorArena arena) {
        this.arena = arena;
    }

    Tensor rows(long rows, long width) {
        Shape shape = Shape.of(rows, width);
        bytes += DType.F32.bytes(shape);
        return arena == null
                ? new HostTensor(
                        DType.F32, shape, MemorySegment.NULL.reinterpret(DType.F32.bytes(shape)))
                : arena.allocate(DType.F32, shape);
    }

    long bytes() {
        return bytes;
    }
}
