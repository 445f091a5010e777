package dev.longhand.kernels.sampling;

import java.util.Map;

/**
 * Parameters of sampling the next token. They are applied in this order: biases, the penalties as
 * listed here, the set of allowed tokens, temperature, top-k, top-p, min-p. This is the order of
 * vLLM, and of transformers as far as it has these steps.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topK keep only the k most likely tokens; 0 keeps all
 * @param topP keep the smallest set of most likely tokens whose mass reaches this; 1 keeps all
 * @param minP drop tokens less likely than this share of the most likely one; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of every token seen in
 *     prompt or output (Keskar et al., 2019); 1 is none
 * @param frequencyPenalty subtracted from the logit of a token once per time it was generated; 0 is
 *     none
 * @param presencePenalty subtracted from the logit of every token already generated; 0 is none
 * @param logitBias added to the logits of tokens; -100 practically bans a token, 100 practically
 *     forces it
 * @param seed with a position, determines a sample completely
 * @param logprobs how many of the most likely tokens to report with their log-probabilities, before
 *     any bias, penalty or truncation; 0 reports none
 */
public record SamplingParams(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        float frequencyPenalty,
        float presencePenalty,
        Map<Integer, Float> logitBias,
        long seed,
        int logprobs) {
    /** The most log-probabilities that a request may ask for per token. */
    public static final int LOGPROBS_MAX = 100;

    /** The most tokens whose logits a request may bias. */
    public static final int LOGIT_BIAS_TOKENS_MAX = 300;

    private static final int PENALTY_MAX = 100;
    private static final int BIAS_MAX = 100;

    /** The most likely token, no penalties, no log-probabilities. */
    public static final SamplingParams GREEDY = new SamplingParams(0, 0, 1, 0, 1, 0, 0, 0);

    public SamplingParams {
        require(temperature >= 0 && temperature <= 100, "temperature", temperature, "in 0..100");
        require(topK >= 0, "top-k", topK, "0 (all) or more");
        require(topP > 0 && topP <= 1, "top-p", topP, "above 0 and at most 1");
        require(minP >= 0 && minP <= 1, "min-p", minP, "in 0..1");
        require(
                repetitionPenalty > 0 && repetitionPenalty <= 100,
                "repetition penalty",
                repetitionPenalty,
                "above 0 and at most 100");
        requireWithin(PENALTY_MAX, "frequency penalty", frequencyPenalty);
        requireWithin(PENALTY_MAX, "presence penalty", presencePenalty);
        require(
                logitBias.size() <= LOGIT_BIAS_TOKENS_MAX,
                "tokens with a logit bias",
                logitBias.size(),
                "at most " + LOGIT_BIAS_TOKENS_MAX);
        logitBias.forEach(
                (token, bias) -> {
                    require(token >= 0, "token with a logit bias", token, "0 or more");
                    requireWithin(BIAS_MAX, "logit bias of token " + token, bias);
                });
        logitBias = Map.copyOf(logitBias);
        require(
                logprobs >= 0 && logprobs <= LOGPROBS_MAX,
                "logprobs",
                logprobs,
                "in 0.." + LOGPROBS_MAX);
    }

    /** Creates parameters without biases and frequency penalty. */
    public SamplingParams(
            float temperature,
            int topK,
            float topP,
            float minP,
            float repetitionPenalty,
            float presencePenalty,
            long seed,
            int logprobs) {
        this(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                0,
                presencePenalty,
                Map.of(),
                seed,
                logprobs);
    }

    /** Returns a copy with a frequency penalty and biases. */
    public SamplingParams with(float frequency, Map<Integer, Float> bias) {
        return new SamplingParams(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                frequency,
                presencePenalty,
                bias,
                seed,
                logprobs);
    }

    private static void requireWithin(int max, String name, float value) {
        require(Math.abs(value) <= max, name, value, "in -%d..%d".formatted(max, max));
    }

    private static void require(boolean valid, String name, Number value, String range) {
        if (!valid) {
            throw new IllegalArgumentException(name + " must be " + range + ", not " + value);
        }
    }

    /** Returns a copy with another seed. */
    public SamplingParams withSeed(long other) {
        return new SamplingParams(
                temperature,
                topK,
                topP,
                minP,
                repetitionPenalty,
                frequencyPenalty,
                presencePenalty,
                logitBias,
                other,
                logprobs);
    }

    /** Whether penalties make the logits depend on the history of the sequence. */
    public boolean penalises() {
        return repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0;
    }
}
