package dev.longhand.kernels.batch;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The rows of one step: each is one token of one sequence at one position. Decode rows and prompt
 * chunks are mixed freely; rows of one sequence are adjacent and have ascending, consecutive
 * positions. All arrays are native int32, allocated once and refilled each step, so that filling
 * allocates nothing and a device can copy them directly. Used by one thread at a time.
 */
public class StepBatch implements Rows, AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final int rowsMax;
    private final int sequencesMax;
    private final int pagesPerSequence;
    private final MemorySegment tokens;
    private final MemorySegment positions;
    private final MemorySegment sequences;
    private final MemorySegment selected;
    private final MemorySegment pageTables;
    private final @Nullable LoraAdapter[] adapters;
    private final Rows selection = new Selection();
    private int rows;
    private int selectedCount;
    private long version;

    /**
     * Creates an empty batch.
     *
     * @param rowsMax the most rows of one step
     * @param sequencesMax the number of page tables
     * @param pagesPerSequence the length of each page table
     */
    public StepBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        this.rowsMax = rowsMax;
        this.sequencesMax = sequencesMax;
        this.pagesPerSequence = pagesPerSequence;
        tokens = arena.allocate(JAVA_INT, rowsMax);
        positions = arena.allocate(JAVA_INT, rowsMax);
        sequences = arena.allocate(JAVA_INT, rowsMax);
        selected = arena.allocate(JAVA_INT, rowsMax);
        pageTables = arena.allocate(JAVA_INT, (long) sequencesMax * pagesPerSequence);
        adapters = new @Nullable LoraAdapter[sequencesMax];
    }

    /** Removes all rows; keeps page tables and adapters. */
    public void clear() {
        rows = 0;
        selectedCount = 0;
        version++;
    }

    /**
     * Appends a row and returns its index.
     *
     * @throws IllegalArgumentException if the batch is full or the sequence has no page table
     */
    public int add(int token, int position, int sequence) {
        if (rows == rowsMax) {
            throw new IllegalArgumentException("a step holds at most " + rowsMax + " rows");
        }
        if (sequence < 0 || sequence >= sequencesMax || position < 0) {
            throw new IllegalArgumentException(
                    "no such row: sequence " + sequence + ", position " + position);
        }
        tokens.setAtIndex(JAVA_INT, rows, token);
        positions.setAtIndex(JAVA_INT, rows, position);
        sequences.setAtIndex(JAVA_INT, rows, sequence);
        version++;
        return rows++;
    }

    /** Requests the logits of the row added last; returns its index among the selected rows. */
    public int select() {
        selected.setAtIndex(JAVA_INT, selectedCount, rows - 1);
        version++;
        return selectedCount++;
    }

    /** Sets entry {@code index} of a sequence's page table. */
    public void setPage(int sequence, int index, int page) {
        pageTables.setAtIndex(JAVA_INT, (long) sequence * pagesPerSequence + index, page);
        version++;
    }

    /** Entry {@code index} of a sequence's page table. */
    public int page(int sequence, int index) {
        return pageTables.getAtIndex(JAVA_INT, (long) sequence * pagesPerSequence + index);
    }

    /** Sets the adapter of a sequence; null is none. */
    public void setAdapter(int sequence, @Nullable LoraAdapter adapter) {
        adapters[sequence] = adapter;
        version++;
    }

    @Override
    public @Nullable LoraAdapter adapter(int row) {
        return adapters[sequence(row)];
    }

    /** The number of rows in this step. */
    @Override
    public int rows() {
        return rows;
    }

    /** Incremented by every change: a device copy made at a different version is stale. */
    public long version() {
        return version;
    }

    /** The number of page tables. */
    public int sequencesMax() {
        return sequencesMax;
    }

    /** The most rows of one step. */
    public int rowsMax() {
        return rowsMax;
    }

    /** The number of rows whose logits are requested. */
    public int selectedCount() {
        return selectedCount;
    }

    /** The rows whose logits are requested, in the order of selection. */
    public Rows selection() {
        return selection;
    }

    private final class Selection implements Rows {
        @Override
        public int rows() {
            return selectedCount;
        }

        @Override
        public @Nullable LoraAdapter adapter(int row) {
            return StepBatch.this.adapter(selected(row));
        }
    }

    /** The row that was selected as number {@code index}, counted from 0. */
    public int selected(int index) {
        return selected.getAtIndex(JAVA_INT, index);
    }

    /** The token of a row. */
    public int token(int row) {
        return tokens.getAtIndex(JAVA_INT, row);
    }

    /** The position of a row in its sequence, from 0. */
    public int position(int row) {
        return positions.getAtIndex(JAVA_INT, row);
    }

    /** The index of the page table of a row's sequence. */
    public int sequence(int row) {
        return sequences.getAtIndex(JAVA_INT, row);
    }

    /** Entries per page table. */
    public int pagesPerSequence() {
        return pagesPerSequence;
    }

    /** Native int32 [rowsMax]. */
    public MemorySegment tokens() {
        return tokens;
    }

    /** Native int32 [rowsMax]. */
    public MemorySegment positions() {
        return positions;
    }

    /** Native int32 [rowsMax]. */
    public MemorySegment sequences() {
        return sequences;
    }

    /** Native int32 [rowsMax]: row indices. */
    public MemorySegment selectedRows() {
        return selected;
    }

    /** Native int32 [sequencesMax, pagesPerSequence]: page numbers. */
    public MemorySegment pageTables() {
        return pageTables;
    }

    @Override
    public void close() {
        arena.close();
    }
}
