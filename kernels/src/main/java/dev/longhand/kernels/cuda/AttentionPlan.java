package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.longhand.kernels.batch.StepBatch;

import java.lang.foreign.MemorySegment;

/**
 * The launch plan for the attention of one step: the decode kernels if every sequence has one row,
 * else the prompt kernel over tiles of neighbouring rows of one sequence. {@link #make} replaces
 * the plan in place for each step.
 */
final class AttentionPlan {
    /** Positions per split, as in {@code attention.cu}. */
    private static final int SPLIT_POSITIONS = 256;

    /**
     * Rows per tile. With 5 query heads per KV head, 16 rows are 80 columns: ten column tiles that
     * read the same KV.
     */
    private static final int TILE_ROWS = 16;

    private final MemorySegment tileRows;
    private final int splitsMax;
    private int tiles;
    private boolean decoding;
    private int positionMax;

    /**
     * Creates the plan for steps of a batch.
     *
     * @param tileRows receives the tiles, two int32 each: first row and number of rows
     * @param positionsMax positions of a sequence that fills its page table
     */
    AttentionPlan(MemorySegment tileRows, int positionsMax) {
        this.tileRows = tileRows;
        splitsMax = splits(positionsMax);
    }

    /** Bytes of the tiles of up to {@code rowsMax} rows. */
    static long tileBytes(int rowsMax) {
        return 2L * rowsMax * Integer.BYTES;
    }

    /** Plans a step. */
    void make(StepBatch batch) {
        tiles = 0;
        decoding = true;
        positionMax = 0;
        int first = 0;
        for (int row = 0; row < batch.rows(); row++) {
            positionMax = Math.max(positionMax, batch.position(row));
            boolean continues =
                    row + 1 < batch.rows() && batch.sequence(row + 1) == batch.sequence(row);
            decoding &= !continues;
            if (!continues || row + 1 - first == TILE_ROWS) {
                tileRows.setAtIndex(JAVA_INT, 2L * tiles, first);
                tileRows.setAtIndex(JAVA_INT, 2L * tiles + 1, row + 1 - first);
                tiles++;
                first = row + 1;
            }
        }
    }

    /** Whether every sequence of the step has one row. */
    boolean decoding() {
        return decoding;
    }

    int tiles() {
        return tiles;
    }

    /** Splits over the longest sequence, rounded up to a power of two. */
    int splits() {
        int splits = positionMax / SPLIT_POSITIONS + 1;
        int rounded = Integer.highestOneBit(2 * splits - 1);
        return Math.min(rounded, splitsMax);
    }

    /** Splits over a sequence of that many positions. */
    static int splits(int positions) {
        return Math.ceilDiv(positions, SPLIT_POSITIONS);
    }
}
