package dev.longhand.engine.architecture;

import dev.longhand.engine.file.Settings;

import java.util.List;

/**
 * A scaling given as one factor for each frequency, which it divides, as GGUF files have {@link
 * Llama3Scaling}.
 *
 * @param factors one for each pair of dimensions of a head
 */
public record FrequencyFactors(List<Float> factors) implements RopeScaling {
    private static final double FACTOR_MAX = 1e6;

    /** Copies the list. */
    public FrequencyFactors {
        factors = List.copyOf(factors);
    }

    static FrequencyFactors read(Settings scaling) {
        return new FrequencyFactors(
                scaling.numbers("factors", 1 / FACTOR_MAX, FACTOR_MAX).stream()
                        .map(Double::floatValue)
                        .toList());
    }

    @Override
    public float frequency(float frequency, int i, int headDim, RopeConfig rope) {
        return frequency / factors.get(i);
    }

    @Override
    public String label() {
        return "factors of its frequencies";
    }
}
