package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import dev.longhand.service.http.PromptReport.PromptLogprob;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * OpenAI's response body of completions; whole answers and chunks have the same fields.
 *
 * @param created the creation time in seconds since 1970
 */
record TextCompletion(
        String id,
        String object,
        long created,
        String model,
        List<Choice> choices,
        @Nullable TokenUsage usage) {
    static final String OBJECT = "text_completion";

    /**
     * One choice.
     *
     * @param finishReason null in every chunk but the last
     * @param stopReason details of {@code finishReason}: "context", "loop" or "deadline"
     * @param promptTokenIds vLLM's field, if requested
     * @param tokenIds vLLM's field, if requested
     * @param promptLogprobs vLLM's field, if requested
     */
    record Choice(
            int index,
            String text,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Logprobs logprobs,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String finishReason,
            @Nullable String stopReason,
            @Nullable List<Integer> promptTokenIds,
            @Nullable List<Integer> tokenIds,
            @Nullable List<@Nullable Map<String, PromptLogprob>> promptLogprobs) {}

    /** The log-probabilities of the tokens, in lists of equal length. */
    record Logprobs(
            List<String> tokens,
            List<@Nullable Float> tokenLogprobs,
            List<@Nullable Map<String, Float>> topLogprobs,
            List<Integer> textOffset) {
        static Logprobs of(List<ScoredToken> scored) {
            List<@Nullable Float> logprobs = new ArrayList<>();
            List<@Nullable Map<String, Float>> top = new ArrayList<>();
            for (ScoredToken token : scored) {
                logprobs.add(token.logprob());
                top.add(token.logprob() == null ? null : likeliest(token));
            }
            return new Logprobs(
                    scored.stream().map(ScoredToken::text).toList(),
                    logprobs,
                    top,
                    scored.stream().map(ScoredToken::offset).toList());
        }

        /** The likeliest tokens, and the token itself, as OpenAI and vLLM report it. */
        private static Map<String, Float> likeliest(ScoredToken token) {
            Map<String, Float> likeliest = new LinkedHashMap<>();
            List<ScoredToken> all = new ArrayList<>(token.top());
            all.add(token);
            for (ScoredToken each : all) {
                if (each.logprob() != null) {
                    likeliest.putIfAbsent(each.text(), each.logprob());
                }
            }
            return likeliest;
        }
    }
}
