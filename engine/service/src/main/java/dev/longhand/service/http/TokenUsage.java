package dev.longhand.service.http;

import dev.longhand.engine.generation.Usage;

import java.util.Collection;

/** Tokens of a request, as OpenAI counts them: prompts once, the choices together. */
record TokenUsage(
        int promptTokens,
        int completionTokens,
        int totalTokens,
        PromptTokensDetails promptTokensDetails,
        CompletionTokensDetails completionTokensDetails) {
    /**
     * Of the prompt's tokens.
     *
     * @param cachedTokens those that earlier requests had computed already
     */
    record PromptTokensDetails(int cachedTokens) {}

    /**
     * Of the answers' tokens.
     *
     * @param reasoningTokens those of thoughts
     */
    record CompletionTokensDetails(int reasoningTokens) {}

    /**
     * The sum over choices.
     *
     * @param samples choices for each prompt, next to each other
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
