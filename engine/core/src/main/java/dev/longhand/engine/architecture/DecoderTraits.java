package dev.longhand.engine.architecture;

import dev.longhand.kernels.activation.Activation;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What the decoders of families do differently beside their shapes.
 *
 * @param biased the projections that have a bias
 * @param norms which norms a layer has, and what their weights mean
 * @param activation of the gate of the MLP
 * @param scales factors and bounds
 * @param windows positions that the queries of each layer see, their own included, and 0 for all;
 *     empty if all layers see all
 */
public record DecoderTraits(
        Set<Projection> biased,
        Norms norms,
        Activation activation,
        Scales scales,
        List<Integer> windows) {
    /** The traits of Llama. */
    public static final DecoderTraits LLAMA =
            new DecoderTraits(
                    Set.of(),
                    new Norms(false, false, 0),
                    Activation.SILU,
                    new Scales(1, 0, 0, 0),
                    List.of());

    /** The traits of Qwen2: biases of queries, keys and values. */
    public static final DecoderTraits QWEN2 =
            LLAMA.withBiases(EnumSet.of(Projection.Q, Projection.K, Projection.V));

    /**
     * The norms beside those before attention and before the MLP.
     *
     * @param ofHeads whether each head of queries and keys has one
     * @param ofOutputs whether the outputs of attention and MLP have one before they are added to
     *     the residual stream
     * @param base what every stored weight of a norm is added to
     */
    public record Norms(boolean ofHeads, boolean ofOutputs, float base) {}

    /**
     * Factors and bounds.
     *
     * @param embedding factor of embeddings on their way into the first layer
     * @param attention factor of the products of queries and keys; 0 for 1 / sqrt(headDim)
     * @param attentionCap soft cap of the scores of attention; 0 without one
     * @param logitCap soft cap of the logits; 0 without one
     */
    public record Scales(float embedding, float attention, float attentionCap, float logitCap) {}

    /** Copies the collections. */
    public DecoderTraits {
        biased = Set.copyOf(biased);
        windows = List.copyOf(windows);
    }

    private DecoderTraits withBiases(Set<Projection> projections) {
        return new DecoderTraits(projections, norms, activation, scales, windows);
    }

    /** Returns these traits with biases of all projections of attention. */
    DecoderTraits withAttentionBiases() {
        return withBiases(EnumSet.of(Projection.Q, Projection.K, Projection.V, Projection.O));
    }

    DecoderTraits withHeadNorms() {
        Norms more = new Norms(true, norms.ofOutputs, norms.base);
        return new DecoderTraits(biased, more, activation, scales, windows);
    }

    DecoderTraits withWindows(List<Integer> perLayer) {
        return new DecoderTraits(biased, norms, activation, scales, perLayer);
    }
}
