package dev.longhand.training.model;

import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/**
 * Weights of a module: frozen as they lie, or in training.
 *
 * @param frozen the weights if they are frozen
 * @param trained the weights if they are in training
 */
record Weights(@Nullable Tensor frozen, @Nullable TrainedValues trained) {
    /** Returns the values that products read. */
    Tensor values() {
        if (trained != null) {
            return trained.published();
        }
        if (frozen == null) {
            throw new IllegalStateException("weights without values");
        }
        return frozen;
    }

    /** Returns the gradient, or null if the weights are frozen. */
    @Nullable Tensor gradient() {
        return trained == null ? null : trained.gradient();
    }
}
