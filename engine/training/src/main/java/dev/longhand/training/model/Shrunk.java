package dev.longhand.training.model;

import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

/** An adapter's memory for one linear layer and some rows of a sequence. */
final class Shrunk {
    private final HostTensor kept;
    private final int first;
    private final AdapterScratch scratch;

    /**
     * Names rows of kept memory.
     *
     * @param kept [rows, rank], in which t of the forward pass stays
     * @param first first row of it
     * @param scratch shared by all linear layers
     */
    Shrunk(HostTensor kept, int first, AdapterScratch scratch) {
        this.kept = kept;
        this.first = first;
        this.scratch = scratch;
    }

    HostTensor t(long rows) {
        return RowView.of(kept, first, rows);
    }

    HostTensor gradient(long rows) {
        return scratch.gradient(Shape.of(rows, kept.shape().width()));
    }

    HostTensor scratch(Shape shape) {
        return scratch.dropped(shape);
    }
}
