package dev.longhand.training.data;

import dev.longhand.engine.generation.ChatMessage;

import java.util.List;

/** The content of a row of data, before encoding. */
sealed interface Example {
    /**
     * A conversation, which the chat template renders.
     *
     * @param tools JSON function schemas
     */
    record Conversation(List<ChatMessage> messages, List<String> tools) implements Example {}

    /** A text and its continuation, without template. The continuation is learned. */
    record Completion(String prompt, String completion) implements Example {}

    /** Token ids with a label each: the same id where it is learned, else -100. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Tokens(int[] ids, int[] labels) implements Example {}
}
