package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.NativeBatch;
import dev.longhand.kernels.batch.StepBatch;

import java.lang.foreign.Arena;

/** A step batch with the struct that points the C kernels at its arrays. */
final class CpuStepBatch extends StepBatch {
    private final Arena arena = Arena.ofShared();
    private final NativeBatch struct;

    CpuStepBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        super(rowsMax, sequencesMax, pagesPerSequence);
        struct =
                new NativeBatch(
                        arena, tokens(), positions(), sequences(), pageTables(), pagesPerSequence);
    }

    /** The struct, updated to the current number of rows. */
    NativeBatch struct() {
        struct.setRows(rows());
        return struct;
    }

    @Override
    public void close() {
        super.close();
        arena.close();
    }
}
