package dev.longhand.training.model;

import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/** An adapter's memory for one linear layer and some rows of a sequence. */
final class Shrunk {
    private final Tensor kept;
    private final int first;
    private final AdapterScratch scratch;

    /**
     * Names rows of kept memory.
     *
     * @param kept [rows, rank], in which t of the forward pass stays
     * @param first first row of it
     * @param scratch shared by all linear layers
     */
    Shrunk(Tensor kept, int first, AdapterScratch scratch) {
        this.kept = kept;
        this.first = first;
        this.scratch = scratch;
    }

    Tensor t(long rows) {
        return RowView.of(kept, first, rows);
    }

    Tensor gradient(long rows) {
        return scratch.gradient(Shape.of(rows, kept.shape().width()));
    }

    Tensor scratch(Shape shape) {
        return scratch.dropped(shape);
    }
}
