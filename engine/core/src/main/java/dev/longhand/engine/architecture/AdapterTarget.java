package dev.longhand.engine.architecture;

import java.util.Comparator;

/**
 * A linear layer that adapters may change. Targets compare in model order.
 *
 * @param layer index of the transformer layer, from 0
 * @param projection projection within that layer
 */
public record AdapterTarget(int layer, Projection projection) implements Comparable<AdapterTarget> {
    private static final Comparator<AdapterTarget> ORDER =
            Comparator.comparingInt(AdapterTarget::layer).thenComparing(AdapterTarget::projection);

    @Override
    public int compareTo(AdapterTarget other) {
        return ORDER.compare(this, other);
    }
}
