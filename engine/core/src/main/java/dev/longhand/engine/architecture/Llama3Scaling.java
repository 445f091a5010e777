package dev.longhand.engine.architecture;

import dev.longhand.engine.file.Settings;

/**
 * The scaling of Llama 3.1 and later: frequencies of long waves are divided by a factor, those of
 * short waves stay, and those between are interpolated.
 *
 * @param factor divides the frequencies of long waves
 * @param lowFrequencyFactor waves longer than originalPositions / lowFrequencyFactor are long
 * @param highFrequencyFactor waves shorter than originalPositions / highFrequencyFactor are short
 * @param originalPositions maximum positions of the original training
 */
public record Llama3Scaling(
        double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
        implements RopeScaling {
    static Llama3Scaling read(Settings scaling) {
        double low = scaling.requiredNumber("low_freq_factor", 1e-3, 1e3);
        double high = scaling.requiredNumber("high_freq_factor", 1e-3, 1e3);
        if (high <= low) {
            throw scaling.refuse(
                    "high_freq_factor", "is %s, not above low_freq_factor".formatted(high));
        }
        return new Llama3Scaling(
                scaling.requiredNumber("factor", 1, 1024),
                low,
                high,
                scaling.requiredInteger(
                        "original_max_position_embeddings", 1, RopeConfig.POSITIONS_MAX));
    }

    @Override
    public float frequency(float frequency, int i, int headDim, RopeConfig rope) {
        float wave = (float) (2 * Math.PI) / frequency;
        float divided = frequency / (float) factor;
        if (wave > (float) (originalPositions / lowFrequencyFactor)) {
            return divided;
        }
        if (wave < (float) (originalPositions / highFrequencyFactor)) {
            return frequency;
        }
        float keep =
                (originalPositions / wave - (float) lowFrequencyFactor)
                        / (float) (highFrequencyFactor - lowFrequencyFactor);
        return (1 - keep) * frequency / (float) factor + keep * frequency;
    }

    @Override
    public String label() {
        return "Llama 3 scaling";
    }
}
