package dev.longhand.training.model;

import org.jspecify.annotations.Nullable;

/**
 * The pass of one sequence through the model.
 *
 * @param memory memory of at least {@code rows} positions
 * @param rows positions of the sequence
 * @param dropoutKey key of its dropout masks; null in evaluation, which drops nothing
 * @param keepMlp whether gate and up of all rows are kept
 */
record SequencePass(SequenceMemory memory, int rows, @Nullable Long dropoutKey, boolean keepMlp) {
    TrainingLinear.RowRange range(int first) {
        return new TrainingLinear.RowRange(first, dropoutKey);
    }

    /** Returns the number of rows of the MLP's tile that begins at a row. */
    int tile(int first) {
        return Math.min(SequenceMemory.MLP_ROWS, rows - first);
    }

    /** Returns the row of the kept MLP values at which a tile lies. */
    int mlpRow(int first) {
        return keepMlp ? first : 0;
    }
}
