package dev.longhand.bindings.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** An adapter's changes to one group of matrices, as native structs. */
public final class NativeLora {
    private final NativeMatrices a;
    private final NativeMatrices b;
    private final MemorySegment scales;

    /** Creates a group of {@code matrices} matrices without changes. */
    public NativeLora(Arena arena, int matrices) {
        a = new NativeMatrices(arena, matrices);
        b = new NativeMatrices(arena, matrices);
        scales = arena.allocate(ValueLayout.JAVA_FLOAT, matrices);
    }

    /**
     * Sets the change to a matrix.
     *
     * @param down A, [rank, inputs]
     * @param up B, [outputs, rank]
     */
    public void set(
            int index,
            MemorySegment down,
            MemorySegment up,
            CpuDtype dtype,
            int rank,
            int outputs,
            float scale) {
        a.set(index, down, null, dtype, rank);
        b.set(index, up, null, dtype, outputs);
        scales.setAtIndex(ValueLayout.JAVA_FLOAT, index, scale);
    }

    NativeMatrices a() {
        return a;
    }

    NativeMatrices b() {
        return b;
    }

    MemorySegment scales() {
        return scales;
    }
}
