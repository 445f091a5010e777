package dev.longhand.engine.architecture;

import dev.longhand.engine.file.Settings;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/**
 * YaRN (Peng et al., 2023).
 *
 * @param factor factor by which the context is extended
 * @param originalPositions maximum positions of the original training
 * @param betaFast rotations above which a dimension is not interpolated
 * @param betaSlow rotations below which a dimension is fully interpolated
 * @param attentionFactor factor on cosines and sines
 * @param truncate whether the range of dimensions between the two betas is widened to whole
 *     dimensions
 */
public record Yarn(
        double factor,
        int originalPositions,
        double betaFast,
        double betaSlow,
        double attentionFactor,
        boolean truncate)
        implements RopeScaling {
    private static final Set<String> KEYS =
            Set.of(
                    "type",
                    "rope_type",
                    "rope_theta",
                    "factor",
                    "original_max_position_embeddings",
                    "beta_fast",
                    "beta_slow",
                    "attention_factor",
                    "mscale",
                    "mscale_all_dim",
                    "truncate");

    static Yarn read(Settings config, Settings scaling) {
        for (String key : scaling.keys()) {
            if (!KEYS.contains(key)) {
                throw scaling.refuse(key, "is not a YaRN setting that is known here");
            }
        }
        double factor = scaling.requiredNumber("factor", 1, 1024);
        Double attention = scaling.number("attention_factor", 1e-3, 1e3);
        Double mscale = scaling.number("mscale", 0, 1e3);
        Double mscaleAllDim = scaling.number("mscale_all_dim", 0, 1e3);
        double inferred = mscale(factor, 1);
        if (mscale != null && mscaleAllDim != null && mscale != 0 && mscaleAllDim != 0) {
            inferred = mscale(factor, mscale) / mscale(factor, mscaleAllDim);
        }
        return new Yarn(
                factor,
                scaling.integer("original_max_position_embeddings", 1, RopeConfig.POSITIONS_MAX)
                        .orElseGet(
                                () ->
                                        config.requiredInteger(
                                                "max_position_embeddings",
                                                1,
                                                RopeConfig.POSITIONS_MAX)),
                or(scaling.number("beta_fast", 0, 1e6), 32),
                or(scaling.number("beta_slow", 0, 1e6), 1),
                or(attention, inferred),
                scaling.bool("truncate", true));
    }

    private static double or(@Nullable Double value, double otherwise) {
        return value == null || value == 0 ? otherwise : value;
    }

    private static double mscale(double scale, double mscale) {
        return scale <= 1 ? 1 : 0.1 * mscale * Math.log(scale) + 1;
    }

    @Override
    public float frequency(float frequency, int i, int headDim, RopeConfig rope) {
        float interpolated = 1f / ((float) factor * rope.power(i, headDim));
        double low = dimension(betaFast, headDim, rope);
        double high = dimension(betaSlow, headDim, rope);
        if (truncate) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, headDim - 1);
        if (low == high) {
            high += 0.001;
        }
        float ramp = (i - (float) low) / (float) (high - low);
        float keep = 1f - Math.clamp(ramp, 0f, 1f);
        return interpolated * (1f - keep) + frequency * keep;
    }

    /**
     * Returns the dimension that completes {@code rotations} rotations over the original positions.
     */
    private double dimension(double rotations, int headDim, RopeConfig rope) {
        return headDim
                * Math.log(originalPositions / (rotations * 2 * Math.PI))
                / (2 * Math.log(rope.theta()));
    }

    @Override
    public String label() {
        return "YaRN";
    }

    @Override
    public float attentionScaling() {
        return (float) attentionFactor;
    }

    @Override
    public int positions(int maxPositionEmbeddings) {
        return (int) Math.max(maxPositionEmbeddings, factor * originalPositions);
    }
}
