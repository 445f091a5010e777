package dev.longhand.engine.generation;

/**
 * Token counts and times of a generation.
 *
 * @param promptTokens tokens of the prompt
 * @param cachedPromptTokens prompt tokens whose keys and values an earlier generation had computed
 * @param outputTokens generated tokens, including the end-of-sequence token
 * @param thoughtTokens output tokens of the thought: after its begin marker, up to the token that
 *     completes its end marker; 0 without tokenizer files
 * @param answerTokens output tokens of the answer: after the thought, or all without one
 * @param draftedTokens draft tokens that were verified; see {@link Speculation}
 * @param acceptedTokens draft tokens that were accepted; each saved one step
 * @param queuedNanos time from submission to the first step
 * @param prefillNanos time from the first step to the first token
 * @param decodeNanos time from the first token to the end
 */
public record Usage(
        int promptTokens,
        int cachedPromptTokens,
        int outputTokens,
        int thoughtTokens,
        int answerTokens,
        int draftedTokens,
        int acceptedTokens,
        long queuedNanos,
        long prefillNanos,
        long decodeNanos) {
    /**
     * Returns the decoding speed in tokens per second, without the first token; 0 for one token.
     */
    public double decodeTokensPerSecond() {
        return outputTokens > 1 ? (outputTokens - 1) * 1e9 / decodeNanos : 0;
    }

    /** Returns the prefill speed in computed prompt tokens per second. */
    public double prefillTokensPerSecond() {
        return prefillNanos > 0 ? (promptTokens - cachedPromptTokens) * 1e9 / prefillNanos : 0;
    }
}
