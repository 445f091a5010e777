package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.sampling.SamplingParams;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * What a request says about sampling; null leaves a setting to the checkpoint's {@code
 * generation_config.json}, and where that is silent to greedy decoding without penalties.
 *
 * @param temperature 0 is greedy
 * @param topK 0 keeps all
 * @param topP in (0, 1]
 * @param minP in [0, 1]
 * @param repetitionPenalty 1 is none
 * @param frequencyPenalty 0 is none
 * @param presencePenalty 0 is none
 * @param logitBias what is added to the logits of tokens, -100 to 100 each
 * @param seed null draws one
 * @param logprobs log-probabilities to report per token
 */
public record SamplingOptions(
        @Nullable Float temperature,
        @Nullable Integer topK,
        @Nullable Float topP,
        @Nullable Float minP,
        @Nullable Float repetitionPenalty,
        @Nullable Float frequencyPenalty,
        @Nullable Float presencePenalty,
        Map<Integer, Float> logitBias,
        @Nullable Long seed,
        int logprobs) {
    /** Everything as the checkpoint says. */
    public static final SamplingOptions DEFAULT = builder().build();

    public SamplingOptions {
        logitBias = Map.copyOf(logitBias);
    }

    /** Begins with everything as the checkpoint says. */
    public static Builder builder() {
        return new Builder();
    }

    /** The most likely token at every step. */
    public static SamplingOptions greedy() {
        return builder().temperature(0f).build();
    }

    /** The same with so many log-probabilities per token. */
    public SamplingOptions withLogprobs(int count) {
        return toBuilder().logprobs(count).build();
    }

    /** The same with a fixed seed. */
    public SamplingOptions withSeed(long fixed) {
        return toBuilder().seed(fixed).build();
    }

    /** Begins with these settings. */
    public Builder toBuilder() {
        return builder()
                .temperature(temperature)
                .topK(topK)
                .topP(topP)
                .minP(minP)
                .repetitionPenalty(repetitionPenalty)
                .frequencyPenalty(frequencyPenalty)
                .presencePenalty(presencePenalty)
                .logitBias(logitBias)
                .seed(seed)
                .logprobs(logprobs);
    }

    /**
     * The complete settings.
     *
     * @param defaults what the checkpoint says
     * @param drawnSeed used if the request has none
     * @param drawableTokens tokens that may have a bias
     * @throws InputException if a setting is out of range
     */
    public SamplingParams resolve(GenerationDefaults defaults, long drawnSeed, int drawableTokens) {
        for (int token : logitBias.keySet()) {
            if (token >= drawableTokens) {
                throw new InputException(
                        "logit bias: there is no token %d, the vocabulary has %d"
                                .formatted(token, drawableTokens));
            }
        }
        try {
            return new SamplingParams(
                    or(temperature, defaults.temperature()),
                    topK != null ? topK : defaults.topK(),
                    or(topP, defaults.topP()),
                    or(minP, defaults.minP()),
                    or(repetitionPenalty, defaults.repetitionPenalty()),
                    or(frequencyPenalty, 0),
                    or(presencePenalty, 0),
                    logitBias,
                    seed != null ? seed : drawnSeed,
                    logprobs);
        } catch (IllegalArgumentException e) {
            throw new InputException(String.valueOf(e.getMessage()), e);
        }
    }

    private static float or(@Nullable Float asked, float otherwise) {
        return asked != null ? asked : otherwise;
    }

    /** Collects settings; see {@link SamplingOptions} for each. */
    public static final class Builder {
        private @Nullable Float temperature;
        private @Nullable Integer topK;
        private @Nullable Float topP;
        private @Nullable Float minP;
        private @Nullable Float repetitionPenalty;
        private @Nullable Float frequencyPenalty;
        private @Nullable Float presencePenalty;
        private Map<Integer, Float> logitBias = Map.of();
        private @Nullable Long seed;
        private int logprobs;

        private Builder() {}

        public Builder temperature(@Nullable Float value) {
            temperature = value;
            return this;
        }

        public Builder topK(@Nullable Integer value) {
            topK = value;
            return this;
        }

        public Builder topP(@Nullable Float value) {
            topP = value;
            return this;
        }

        public Builder minP(@Nullable Float value) {
            minP = value;
            return this;
        }

        public Builder repetitionPenalty(@Nullable Float value) {
            repetitionPenalty = value;
            return this;
        }

        public Builder frequencyPenalty(@Nullable Float value) {
            frequencyPenalty = value;
            return this;
        }

        public Builder presencePenalty(@Nullable Float value) {
            presencePenalty = value;
            return this;
        }

        public Builder logitBias(Map<Integer, Float> value) {
            logitBias = value;
            return this;
        }

        public Builder seed(@Nullable Long value) {
            seed = value;
            return this;
        }

        public Builder logprobs(int value) {
            logprobs = value;
            return this;
        }

        /** The finished options; {@link SamplingOptions#resolve} checks their ranges. */
        public SamplingOptions build() {
            return new SamplingOptions(
                    temperature,
                    topK,
                    topP,
                    minP,
                    repetitionPenalty,
                    frequencyPenalty,
                    presencePenalty,
                    logitBias,
                    seed,
                    logprobs);
        }
    }
}
