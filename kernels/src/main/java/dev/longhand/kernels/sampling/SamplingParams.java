package dev.longhand.kernels.sampling;

/**
 * How the next token is drawn. Penalties come first, then temperature, top-k, top-p and min-p, in
 * the order of Hugging Face transformers.
 *
 * @param temperature divides the logits; 0 takes the most likely token
 * @param topK keep only the k most likely tokens; 0 keeps all
 * @param topP keep the smallest set of most likely tokens whose mass reaches this; 1 keeps all
 * @param minP drop tokens less likely than this share of the most likely one; 0 keeps all
 * @param repetitionPenalty divides positive and multiplies negative logits of every token seen in
 *     prompt or output (Keskar et al., 2019); 1 is none
 * @param presencePenalty subtracted from the logit of every token already generated; 0 is none
 * @param seed with a position, determines a draw completely
 * @param logprobs how many of the most likely tokens to report with their log-probabilities, before
 *     any penalty or truncation; 0 reports none
 */
public record SamplingParams(
        float temperature,
        int topK,
        float topP,
        float minP,
        float repetitionPenalty,
        float presencePenalty,
        long seed,
        int logprobs) {
    /** The most log-probabilities that a request may ask for per token. */
    public static final int LOGPROBS_MAX = 100;

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
        require(
                Math.abs(presencePenalty) <= 100,
                "presence penalty",
                presencePenalty,
                "in -100..100");
        require(
                logprobs >= 0 && logprobs <= LOGPROBS_MAX,
                "logprobs",
                logprobs,
                "in 0.." + LOGPROBS_MAX);
    }

    private static void require(boolean valid, String name, Number value, String range) {
        if (!valid) {
            throw new IllegalArgumentException(name + " must be " + range + ", not " + value);
        }
    }

    /** The same with another seed. */
    public SamplingParams withSeed(long other) {
        return new SamplingParams(
                temperature, topK, topP, minP, repetitionPenalty, presencePenalty, other, logprobs);
    }

    /** Whether the history of a sequence changes its logits. */
    public boolean penalises() {
        return repetitionPenalty != 1 || presencePenalty != 0;
    }
}
