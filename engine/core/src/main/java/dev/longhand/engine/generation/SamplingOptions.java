package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.sampling.SamplingParams;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.function.Consumer;

/**
 * Sampling settings of a request. A setting that is null comes from the checkpoint's {@code
 * generation_config.json}; where that says nothing, sampling is greedy without penalties. Each
 * {@code with} method returns a changed copy.
 */
public final class SamplingOptions implements Cloneable {
    /** Options that take every setting from the checkpoint. */
    public static final SamplingOptions DEFAULT = new SamplingOptions();

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

    private SamplingOptions() {}

    /** Selects the most likely token at every step. */
    public static SamplingOptions greedy() {
        return DEFAULT.withTemperature(0f);
    }

    /** Sets the temperature; 0 is greedy. */
    public SamplingOptions withTemperature(@Nullable Float value) {
        return with(copy -> copy.temperature = value);
    }

    /** Samples from the {@code tokens} most likely tokens; 0 is all. */
    public SamplingOptions withTopK(@Nullable Integer tokens) {
        return with(copy -> copy.topK = tokens);
    }

    /** Samples from the most likely tokens that together have a probability mass in (0, 1]. */
    public SamplingOptions withTopP(@Nullable Float mass) {
        return with(copy -> copy.topP = mass);
    }

    /** Samples tokens of at least this probability, relative to the most likely one, in [0, 1]. */
    public SamplingOptions withMinP(@Nullable Float probability) {
        return with(copy -> copy.minP = probability);
    }

    /** Sets the penalty factor for tokens that prompt or output contain; 1 is none. */
    public SamplingOptions withRepetitionPenalty(@Nullable Float factor) {
        return with(copy -> copy.repetitionPenalty = factor);
    }

    /** Subtracts from the logit of a token for each of its occurrences in the output; 0 is none. */
    public SamplingOptions withFrequencyPenalty(@Nullable Float penalty) {
        return with(copy -> copy.frequencyPenalty = penalty);
    }

    /** Subtracts from the logits of tokens that the output has already; 0 is none. */
    public SamplingOptions withPresencePenalty(@Nullable Float penalty) {
        return with(copy -> copy.presencePenalty = penalty);
    }

    /**
     * Adds a bias to the logits of tokens.
     *
     * @param biases by token id, -100 to 100 each
     */
    public SamplingOptions withLogitBias(Map<Integer, Float> biases) {
        return with(copy -> copy.logitBias = Map.copyOf(biases));
    }

    /** Sets the seed of the sampler; null selects a random one for each request. */
    public SamplingOptions withSeed(@Nullable Long value) {
        return with(copy -> copy.seed = value);
    }

    /** Reports the log-probabilities of the {@code tokens} most likely tokens at each step. */
    public SamplingOptions withLogprobs(int tokens) {
        return with(copy -> copy.logprobs = tokens);
    }

    private SamplingOptions with(Consumer<SamplingOptions> change) {
        try {
            SamplingOptions copy = (SamplingOptions) clone();
            change.accept(copy);
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Completes the settings with those of the checkpoint.
     *
     * @param defaults settings of the checkpoint
     * @param drawnSeed seed for a request without one
     * @param drawableTokens number of tokens that may be sampled; each bias must be for one of them
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

    /** Temperature; 0 is greedy. */
    public @Nullable Float temperature() {
        return temperature;
    }

    /** Limit for the most likely tokens to sample from; 0 is none. */
    public @Nullable Integer topK() {
        return topK;
    }

    /** Probability mass to sample from, in (0, 1]. */
    public @Nullable Float topP() {
        return topP;
    }

    /** Least probability to sample, relative to the most likely token, in [0, 1]. */
    public @Nullable Float minP() {
        return minP;
    }

    /** Penalty factor for tokens that prompt or output contain; 1 is none. */
    public @Nullable Float repetitionPenalty() {
        return repetitionPenalty;
    }

    /** Logits to subtract per occurrence in the output; 0 is none. */
    public @Nullable Float frequencyPenalty() {
        return frequencyPenalty;
    }

    /** Logits to subtract from tokens of the output; 0 is none. */
    public @Nullable Float presencePenalty() {
        return presencePenalty;
    }

    /** Bias by token id, -100 to 100 each. */
    public Map<Integer, Float> logitBias() {
        return logitBias;
    }

    /** Seed of the sampler; null is a random one for each request. */
    public @Nullable Long seed() {
        return seed;
    }

    /** Log-probabilities to report per token. */
    public int logprobs() {
        return logprobs;
    }
}
