package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * OpenAI's answer of completions, whole or a chunk of a stream, which look alike.
 *
 * @param created in seconds since 1970
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
     * One answer.
     *
     * @param finishReason null in all but the last chunk
     * @param stopReason what {@code finishReason} cannot say: "context" or "loop"
     * @param promptTokenIds as vLLM has it, if asked for
     * @param tokenIds as vLLM has it, if asked for
     */
    record Choice(
            int index,
            String text,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Logprobs logprobs,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String finishReason,
            @Nullable String stopReason,
            @Nullable List<Integer> promptTokenIds,
            @Nullable List<Integer> tokenIds) {}

    /** Log-probabilities of the tokens, in lists of equal length. */
    record Logprobs(
            List<String> tokens,
            List<Float> tokenLogprobs,
            List<Map<String, Float>> topLogprobs,
            List<Integer> textOffset) {
        static Logprobs of(List<ScoredToken> scored) {
            List<Map<String, Float>> top = new ArrayList<>();
            for (ScoredToken token : scored) {
                Map<String, Float> likeliest = new LinkedHashMap<>();
                token.top().forEach(each -> likeliest.putIfAbsent(each.text(), each.logprob()));
                likeliest.putIfAbsent(token.text(), token.logprob()); // as OpenAI and vLLM do
                top.add(likeliest);
            }
            return new Logprobs(
                    scored.stream().map(ScoredToken::text).toList(),
                    scored.stream().map(ScoredToken::logprob).toList(),
                    top,
                    scored.stream().map(ScoredToken::offset).toList());
        }
    }
}
