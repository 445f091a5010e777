package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.lh_batch;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** An {@code lh_batch}, created once over arrays that are refilled; only its row count changes. */
public final class NativeBatch {
    private final MemorySegment struct;

    /**
     * A batch without rows.
     *
     * @param tokens int32 [rows]
     * @param positions int32 [rows]
     * @param sequences int32 [rows]
     * @param pageTables int32 [sequences, pagesPerSequence]
     */
    public NativeBatch(
            Arena arena,
            MemorySegment tokens,
            MemorySegment positions,
            MemorySegment sequences,
            MemorySegment pageTables,
            int pagesPerSequence) {
        struct = lh_batch.allocate(arena);
        lh_batch.tokens(struct, tokens);
        lh_batch.positions(struct, positions);
        lh_batch.sequences(struct, sequences);
        lh_batch.page_tables(struct, pageTables);
        lh_batch.pages_per_sequence(struct, pagesPerSequence);
    }

    /** Sets the number of rows of the next call. */
    public void setRows(int rows) {
        lh_batch.rows(struct, rows);
    }

    MemorySegment struct() {
        return struct;
    }
}
