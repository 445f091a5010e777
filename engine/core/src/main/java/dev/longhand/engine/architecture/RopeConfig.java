package dev.longhand.engine.architecture;

import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;

import org.jspecify.annotations.Nullable;

/**
 * The frequencies of the rotary embedding. They reproduce the operation order and float rounding of
 * transformers' modeling_rope_utils.py, so that positions have the same encoding as in training.
 *
 * @param theta base of the frequencies
 * @param scaling context extension, or null
 */
public record RopeConfig(double theta, @Nullable RopeScaling scaling) {
    static final int POSITIONS_MAX = 1 << 24;

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
        return new RopeConfig(
                theta,
                switch (type) {
                    case "default" -> null;
                    case "yarn" -> Yarn.read(config, scaling);
                    case "llama3" -> Llama3Scaling.read(scaling);
                    case "factors" -> FrequencyFactors.read(scaling);
                    default ->
                            throw scaling.refuse(
                                    key,
                                    "is %s: only default, yarn and llama3 are supported"
                                            .formatted(ErrorText.quote(type)));
                });
    }

    float power(int i, int headDim) {
        return (float) Math.pow(theta, 2f * i / headDim);
    }

    /** Returns headDim/2 frequencies, in radians per position. */
    public float[] inverseFrequencies(int headDim) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            float frequency = 1f / power(i, headDim);
            frequencies[i] =
                    scaling == null ? frequency : scaling.frequency(frequency, i, headDim, this);
        }
        return frequencies;
    }

    /**
     * Returns the context extension in words, for example {@code " with YaRN"}; empty without one.
     */
    public String scalingText() {
        return scaling == null ? "" : " with " + scaling.label();
    }

    /** Returns the factor applied to every cosine and sine. */
    public float attentionScaling() {
        return scaling == null ? 1f : scaling.attentionScaling();
    }

    /** Returns the maximum positions of a model, given its {@code max_position_embeddings}. */
    int positions(int maxPositionEmbeddings) {
        return scaling == null ? maxPositionEmbeddings : scaling.positions(maxPositionEmbeddings);
    }
}
