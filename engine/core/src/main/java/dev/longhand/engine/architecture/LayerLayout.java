package dev.longhand.engine.architecture;

import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The modules of one transformer layer.
 *
 * @param inputNorm the norm before attention
 * @param queryNorm the norm of each head of queries, or null
 * @param keyNorm the norm of each head of keys, null together with {@code queryNorm}
 * @param attentionNorm the norm of attention's output, or null
 * @param mlpNorm the norm before the MLP
 * @param outputNorm the norm of the MLP's output, null together with {@code attentionNorm}
 * @param linears the module of every projection, in the order of {@link Projection}
 */
public record LayerLayout(
        NormModule inputNorm,
        @Nullable NormModule queryNorm,
        @Nullable NormModule keyNorm,
        @Nullable NormModule attentionNorm,
        NormModule mlpNorm,
        @Nullable NormModule outputNorm,
        Map<Projection, LinearModule> linears) {
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

    /** Returns all norms of the layer, in the order of a forward pass. */
    public List<NormModule> norms() {
        return Stream.of(inputNorm, queryNorm, keyNorm, attentionNorm, mlpNorm, outputNorm)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .toList();
    }
}
