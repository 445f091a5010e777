package dev.longhand.engine.architecture;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;

/**
 * The modules of one transformer layer.
 *
 * @param inputNorm the norm before attention
 * @param postAttentionNorm the norm before the MLP
 * @param linears the module of every projection, in the order of {@link Projection}
 */
public record LayerLayout(
        NormModule inputNorm, NormModule postAttentionNorm, Map<Projection, LinearModule> linears) {
    /** Copies the map, which must contain every projection. */
    public LayerLayout {
        if (linears.size() != Projection.values().length) {
            throw new IllegalArgumentException("a layer has other projections: " + linears);
        }
        linears = Collections.unmodifiableMap(new EnumMap<>(linears));
    }

    /** Returns the module of a projection. */
    public LinearModule linear(Projection projection) {
        LinearModule module = linears.get(projection);
        if (module == null) {
            throw new IllegalStateException("the constructor has let through: " + linears);
        }
        return module;
    }
}
