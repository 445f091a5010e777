package dev.longhand.engine.architecture;

import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import org.jspecify.annotations.Nullable;

import java.util.Set;

/**
 * The frequencies of the rotary embedding. They reproduce the operation order and float rounding of
 * transformers' modeling_rope_utils.py, so that positions have the same encoding as in training.
 *
 * @param theta base of the frequencies
 * @param yarn context extension, or null
 */
public record RopeConfig(double theta, @Nullable Yarn yarn) {
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
            boolean truncate) {}

    private static final int POSITIONS_MAX = 1 << 24;

    private static final Set<String> YARN_KEYS =
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

    /**
     * Reads {@code rope_theta} and {@code rope_scaling}, or {@code rope_parameters}. {@code
     * rope_scaling} takes precedence, as in transformers.
     */
    static RopeConfig read(Settings config) {
        Settings scaling =
                config.object("rope_scaling")
                        .or(() -> config.object("rope_parameters"))
                        .orElse(null);
        Settings holder = scaling != null && scaling.has("rope_theta") ? scaling : config;
        double theta = holder.requiredNumber("rope_theta", 1.000001, 1e15);
        if (scaling == null) {
            return new RopeConfig(theta, null);
        }
        String key = scaling.has("rope_type") ? "rope_type" : "type";
        String type = scaling.string(key).orElse("default");
        return switch (type) {
            case "default" -> new RopeConfig(theta, null);
            case "yarn" -> new RopeConfig(theta, yarn(config, scaling));
            default ->
                    throw scaling.refuse(
                            key,
                            "is %s: only default and yarn are supported"
                                    .formatted(ErrorText.quote(type)));
        };
    }

    private static Yarn yarn(Settings config, Settings scaling) {
        for (String key : scaling.keys()) {
            if (!YARN_KEYS.contains(key)) {
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
                scaling.integer("original_max_position_embeddings", 1, POSITIONS_MAX)
                        .orElseGet(
                                () ->
                                        config.requiredInteger(
                                                "max_position_embeddings", 1, POSITIONS_MAX)),
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

    /** Returns headDim/2 frequencies, in radians per position. */
    public float[] inverseFrequencies(int headDim) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float power = (float) Math.pow(theta, 2f * i / headDim);
            frequencies[i] = yarn == null ? 1f / power : blend(yarn, power, i, headDim);
        }
        return frequencies;
    }

    private float blend(Yarn settings, float power, int i, int headDim) {
        float extrapolated = 1f / power;
        float interpolated = 1f / ((float) settings.factor() * power);
        double low = rotations(settings.betaFast(), settings, headDim);
        double high = rotations(settings.betaSlow(), settings, headDim);
        if (settings.truncate()) {
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
        return interpolated * (1f - keep) + extrapolated * keep;
    }

    /**
     * Returns the dimension that completes {@code rotations} rotations over the original positions.
     */
    private double rotations(double rotations, Yarn settings, int headDim) {
        return headDim
                * Math.log(settings.originalPositions() / (rotations * 2 * Math.PI))
                / (2 * Math.log(theta));
    }

    /** Returns the factor applied to every cosine and sine. */
    public float attentionScaling() {
        return yarn == null ? 1f : (float) yarn.attentionFactor();
    }

    /** Returns the maximum positions of a model, given its {@code max_position_embeddings}. */
    int positions(int maxPositionEmbeddings) {
        return yarn == null
                ? maxPositionEmbeddings
                : (int) Math.max(maxPositionEmbeddings, yarn.factor() * yarn.originalPositions());
    }
}
