package dev.longhand.service.http;

import dev.longhand.engine.generation.Usage;

import java.util.Collection;

/**
 * The token counts of a request by OpenAI's rules: each prompt counts once, and all choices are
 * summed.
 */
record TokenUsage(
        int promptTokens,
        int completionTokens,
        int totalTokens,
        PromptTokensDetails promptTokensDetails,
        CompletionTokensDetails completionTokensDetails) {
    /**
     * Details of the prompt tokens.
     *
     * @param cachedTokens tokens that earlier requests had computed
     */
    record PromptTokensDetails(int cachedTokens) {}

    /**
     * Details of the answer tokens.
     *
     * @param reasoningTokens tokens of thoughts
     */
    record CompletionTokensDetails(int reasoningTokens) {}

    /**
     * Sums the usage of all choices.
     *
     * @param samples the number of choices per prompt; the choices of one prompt are adjacent
     */
    static TokenUsage of(Collection<Usage> choices, int samples) {
        int prompt = 0;
        int cached = 0;
        int output = 0;
        int thought = 0;
        int index = 0;
        for (Usage usage : choices) {
            if (index++ % samples == 0) {
                prompt += usage.promptTokens();
                cached += usage.cachedPromptTokens();
            }
            output += usage.outputTokens();
            thought += usage.thoughtTokens();
        }
        return new TokenUsage(
                prompt,
                output,
                prompt + output,
                new PromptTokensDetails(cached),
                new CompletionTokensDetails(thought));
    }
}
