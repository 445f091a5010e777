package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * OpenAI's response body of chat completions: a whole answer or a chunk. Absent fields are null.
 *
 * @param object "chat.completion" or "chat.completion.chunk"
 * @param created the creation time in seconds since 1970
 * @param promptTokenIds vLLM's field, if requested
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
     * One choice.
     *
     * @param message set in a whole answer
     * @param delta set in a chunk
     * @param finishReason null in every chunk but the last
     * @param stopReason details of {@code finishReason}: "context", "loop" or "deadline"
     * @param tokenIds vLLM's field, if requested
     */
    record Choice(
            int index,
            @Nullable Message message,
            @Nullable Message delta,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable Logprobs logprobs,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable String finishReason,
            @Nullable String stopReason,
            @Nullable List<Integer> tokenIds) {}

    /**
     * A message, or the next part of it.
     *
     * @param reasoningContent the thought, without its markers
     * @param reasoning the same, under vLLM's newer name
     */
    record Message(
            @Nullable String role,
            @Nullable String content,
            @Nullable String reasoningContent,
            @Nullable String reasoning,
            @Nullable List<ToolCallBody> toolCalls) {
        /** Creates a message; an empty thought is none. */
        static Message of(
                @Nullable String role,
                @Nullable String content,
                String thought,
                List<ToolCallBody> toolCalls) {
            String reasoning = thought.isEmpty() ? null : thought;
            return new Message(
                    role, content, reasoning, reasoning, toolCalls.isEmpty() ? null : toolCalls);
        }
    }

    /** A function call; only chunks have the index. */
    record ToolCallBody(@Nullable Integer index, String id, String type, Function function) {}

    /** A function name, and the arguments as JSON in a string. */
    record Function(String name, String arguments) {}

    /** The log-probabilities of the tokens. */
    record Logprobs(
            List<Token> content,
            @JsonInclude(JsonInclude.Include.ALWAYS) @Nullable List<Token> refusal) {
        static Logprobs of(List<ScoredToken> tokens) {
            return new Logprobs(tokens.stream().map(Token::of).toList(), null);
        }
    }

    /** A token, its UTF-8 bytes and the likeliest tokens at its position. */
    record Token(
            String token,
            @Nullable Float logprob,
            List<Integer> bytes,
            @Nullable List<Token> topLogprobs) {
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
