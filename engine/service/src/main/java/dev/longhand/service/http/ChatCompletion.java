package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * OpenAI's answer of chat completions, whole or a chunk of a stream; absent fields are null.
 *
 * @param object "chat.completion" or "chat.completion.chunk"
 * @param created in seconds since 1970
 * @param promptTokenIds as vLLM has it, if asked for
 */
record ChatCompletion(
        String id,
        String object,
        long created,
        String model,
        List<Choice> choices,
        @Nullable TokenUsage usage,
        @Nullable List<Integer> promptTokenIds) {
    static final String WHOLE = "chat.completion";
    static final String CHUNK = "chat.completion.chunk";

    /**
     * One answer.
     *
     * @param message of a whole answer
     * @param delta of a chunk
     * @param finishReason null in all but the last chunk
     * @param stopReason what {@code finishReason} cannot say: "context" or "loop"
     * @param tokenIds as vLLM has it, if asked for
     */
    record Choice(
            int index,
            @Nullable Message message,
            @Nullable Message delta,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Logprobs logprobs,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String finishReason,
            @Nullable String stopReason,
            @Nullable List<Integer> tokenIds) {}

    /** What is said, or more of it. */
    record Message(
            @Nullable String role,
            @Nullable String content,
            @Nullable List<ToolCallBody> toolCalls) {}

    /** A call of a function; the index is for chunks only. */
    record ToolCallBody(@Nullable Integer index, String id, String type, Function function) {}

    /** The function, and its arguments as JSON in a string. */
    record Function(String name, String arguments) {}

    /** Log-probabilities of the tokens. */
    record Logprobs(
            List<Token> content,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable List<Token> refusal) {
        static Logprobs of(List<ScoredToken> tokens) {
            return new Logprobs(tokens.stream().map(Token::of).toList(), null);
        }
    }

    /** A token, its UTF-8 bytes and the likeliest tokens in its place. */
    record Token(
            String token, Float logprob, List<Integer> bytes, @Nullable List<Token> topLogprobs) {
        static Token of(ScoredToken token) {
            return new Token(
                    token.text(),
                    token.logprob(),
                    unsigned(token.bytes()),
                    token.top().stream().map(Token::alternative).toList());
        }

        private static Token alternative(ScoredToken token) {
            return new Token(token.text(), token.logprob(), unsigned(token.bytes()), null);
        }

        private static List<Integer> unsigned(byte[] bytes) {
            List<Integer> numbers = new ArrayList<>(bytes.length);
            for (byte each : bytes) {
                numbers.add(Byte.toUnsignedInt(each));
            }
            return numbers;
        }
    }
}
