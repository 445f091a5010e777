package dev.longhand.engine.architecture;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The modules of one transformer layer.
 *
 * @param inputNorm in front of attention
 * @param postAttentionNorm in front of the MLP
 * @param linears every projection's module, in the order of {@link Projection}
 */
public record LayerLayout(
        NormModule inputNorm, NormModule postAttentionNorm, Map<Projection, LinearModule> linears) {
    /** Of modules by their projections, all of which have to be there. */
    public LayerLayout {
        if (linears.size() != Projection.values().length) {
            throw new IllegalArgumentException("a layer has other projections: " + linears);
        }
        linears = Collections.unmodifiableMap(new EnumMap<>(linears));
    }

    /** The module of a projection. */
    public LinearModule linear(Projection projection) {
        LinearModule module = linears.get(projection);
        if (module == null) {
            throw new IllegalStateException("the constructor has let through: " + linears);
        }
        return module;
    }
}
