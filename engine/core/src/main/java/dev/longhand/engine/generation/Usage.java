package dev.longhand.engine.generation;

/**
 * What a generation took.
 *
 * @param promptTokens tokens of the prompt
 * @param cachedPromptTokens of these, how many an earlier generation had computed already
 * @param outputTokens tokens generated, the end token included
 * @param thoughtTokens of these, those of the thought: after its beginning marker, up to and with
 *     the token that completes its end marker; 0 without tokenizer files
 * @param answerTokens of these, those of the answer: after the thought, or all if there was none
 * @param draftedTokens tokens guessed and checked; see {@link Speculation}
 * @param acceptedTokens of these, how many came true: as many steps were saved
 * @param queuedNanos from submission to the first step
 * @param prefillNanos from the first step to the first token
 * @param decodeNanos from the first token to the last
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
    /** Tokens after the first per second of decoding; 0 if there was only one. */
    public double decodeTokensPerSecond() {
        return outputTokens > 1 ? (outputTokens - 1) * 1e9 / decodeNanos : 0;
    }

    /** Prompt tokens computed per second until the first token. */
    public double prefillTokensPerSecond() {
        return prefillNanos > 0 ? (promptTokens - cachedPromptTokens) * 1e9 / prefillNanos : 0;
    }
}
