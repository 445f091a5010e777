package dev.longhand.training.model;

import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

/**
 * Options of a decoder in training.
 *
 * @param method the trained tensors
 * @param weights dtype to which the frozen matrices are quantised; null leaves them as stored
 * @param threads threads; 0 is one per processor
 * @param recompute whether the backward pass recomputes each layer from its input: about a third
 *     more work for memory that grows with a layer's input alone
 */
public record DecoderOptions(
        TrainingMethod method, @Nullable DType weights, int threads, boolean recompute) {
    public DecoderOptions {
        if (method instanceof FullSettings && weights != null) {
            throw new IllegalArgumentException("all weights are trained, so none is quantised");
        }
    }
}
