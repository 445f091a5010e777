package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.model.GenerationDefaults;
import dev.longhand.kernels.sampling.SamplingParams;

import org.jspecify.annotations.Nullable;

/**
 * What a request says about sampling; null leaves a setting to the checkpoint's {@code
 * generation_config.json}, and where that is silent to greedy decoding without penalties.
 *
 * @param temperature 0 is greedy
 * @param topK 0 keeps all
 * @param topP in (0, 1]
 * @param minP in [0, 1]
 * @param repetitionPenalty 1 is none
 * @param presencePenalty 0 is none
 * @param seed null draws one
 * @param logprobs log-probabilities to report per token
 */
public record SamplingOptions(
        @Nullable Float temperature,
        @Nullable Integer topK,
        @Nullable Float topP,
        @Nullable Float minP,
        @Nullable Float repetitionPenalty,
        @Nullable Float presencePenalty,
        @Nullable Long seed,
        int logprobs) {
    /** Everything as the checkpoint says. */
    public static final SamplingOptions DEFAULT =
            new SamplingOptions(null, null, null, null, null, null, null, 0);

    /** The most likely token at every step. */
    public static SamplingOptions greedy() {
        return new SamplingOptions(0f, null, null, null, null, null, null, 0);
    }

    /** The same with so many log-probabilities per token. */
    public SamplingOptions withLogprobs(int count) {
        return new SamplingOptions(
                temperature, topK, topP, minP, repetitionPenalty, presencePenalty, seed, count);
    }

    /** The same with a fixed seed. */
    public SamplingOptions withSeed(long fixed) {
        return new SamplingOptions(
                temperature, topK, topP, minP, repetitionPenalty, presencePenalty, fixed, logprobs);
    }

    /**
     * The complete settings.
     *
     * @param defaults what the checkpoint says
     * @param drawnSeed used if the request has none
     * @throws InputException if a setting is out of range
     */
    public SamplingParams resolve(GenerationDefaults defaults, long drawnSeed) {
        try {
            return new SamplingParams(
                    or(temperature, defaults.temperature()),
                    topK != null ? topK : defaults.topK(),
                    or(topP, defaults.topP()),
                    or(minP, defaults.minP()),
                    or(repetitionPenalty, defaults.repetitionPenalty()),
                    presencePenalty != null ? presencePenalty : 0,
                    seed != null ? seed : drawnSeed,
                    logprobs);
        } catch (IllegalArgumentException e) {
            throw new InputException(String.valueOf(e.getMessage()), e);
        }
    }

    private static float or(@Nullable Float asked, float otherwise) {
        return asked != null ? asked : otherwise;
    }
}
