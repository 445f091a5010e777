package dev.longhand.training.model;

import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/** Memory that the linear layers with adapters share, valid within one call. */
final class AdapterScratch {
    private final Tensor gradient;
    private final Tensor dropped;

    /**
     * Allocates the memory.
     *
     * @param gradients elements of the largest gradient of t
     * @param inputs elements of the largest input that dropout copies
     */
    AdapterScratch(TensorMemory memory, long gradients, long inputs) {
        gradient = memory.rows(1, gradients);
        dropped = memory.rows(1, inputs);
    }

    Tensor gradient(Shape shape) {
        return gradient.view(0, shape);
    }

    Tensor dropped(Shape shape) {
        return dropped.view(0, shape);
    }
}
