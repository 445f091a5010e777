package dev.longhand.training.model;

import dev.longhand.engine.architecture.Projection;

import java.util.EnumSet;
import java.util.Set;

/**
 * Training of LoRA adapters over a frozen base (Hu et al., 2021): every target's weights W become W
 * + scale B A. Both matrices are zero until {@code AdapterInitializer} sets them.
 *
 * @param rank rank of all targets, at least 1
 * @param alpha numerator of the scale
 * @param rsLora whether the scale is alpha over the root of the rank instead of the rank
 *     (Kalajdzievski, 2023)
 * @param targets projections that are adapted in every layer
 * @param dropout probability that an input of A is dropped, below 1
 */
public record LoraSettings(
        int rank, double alpha, boolean rsLora, Set<Projection> targets, double dropout)
        implements TrainingMethod {
    public LoraSettings {
        if (rank < 1 || !Double.isFinite(alpha) || !(dropout >= 0 && dropout < 1)) {
            throw new IllegalArgumentException(
                    "rank %d, alpha %s, dropout %s".formatted(rank, alpha, dropout));
        }
        if (targets.isEmpty()) {
            throw new IllegalArgumentException("no targets");
        }
        targets = Set.copyOf(targets);
    }

    /** All projections of every layer, alpha twice the rank, no dropout. */
    public static LoraSettings ofRank(int rank) {
        return new LoraSettings(rank, 2.0 * rank, false, EnumSet.allOf(Projection.class), 0);
    }

    /** Returns the factor on B A. */
    public double scale() {
        return alpha / (rsLora ? Math.sqrt(rank) : rank);
    }
}
