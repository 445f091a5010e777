package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.lh_matrix;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * An array of {@code lh_matrix}: the matrices of one linear call, which concatenates their outputs.
 */
public final class NativeMatrices {
    private final MemorySegment structs;
    private final int count;

    /** Allocates {@code count} matrices, to be set one by one. */
    public NativeMatrices(Arena arena, int count) {
        structs = lh_matrix.allocateArray(count, arena);
        this.count = count;
    }

    /**
     * Sets a matrix.
     *
     * @param weights [outputs, inputs]
     * @param bias F32 [outputs], or null
     */
    public void set(
            int index,
            MemorySegment weights,
            @Nullable MemorySegment bias,
            CpuDtype dtype,
            int outputs) {
        MemorySegment struct = lh_matrix.asSlice(structs, index);
        lh_matrix.weights(struct, weights);
        lh_matrix.bias(struct, bias == null ? MemorySegment.NULL : bias);
        lh_matrix.dtype(struct, dtype.code());
        lh_matrix.outputs(struct, outputs);
    }

    /** Replaces the weights of a matrix with others of the same shape and dtype. */
    public void setWeights(int index, MemorySegment weights) {
        lh_matrix.weights(lh_matrix.asSlice(structs, index), weights);
    }

    MemorySegment structs() {
        return structs;
    }

    int count() {
        return count;
    }
}
