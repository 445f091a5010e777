package dev.longhand.engine.generation;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * Message of a conversation.
 *
 * @param role speaker: system, user, assistant or tool
 * @param content text; null for an assistant that only calls tools
 * @param toolCalls function calls of an assistant, usually none
 */
public record ChatMessage(String role, @Nullable String content, List<ToolCall> toolCalls) {
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** Creates a message that instructs the model. */
    public static ChatMessage system(String content) {
        return new ChatMessage("system", content, List.of());
    }

    /** Creates a message from the user to the model. */
    public static ChatMessage user(String content) {
        return new ChatMessage("user", content, List.of());
    }

    /** Creates a message that repeats an earlier answer of the model. */
    public static ChatMessage assistant(String content) {
        return new ChatMessage("assistant", content, List.of());
    }

    /** Creates a message with the result of a tool call. */
    public static ChatMessage tool(String content) {
        return new ChatMessage("tool", content, List.of());
    }
}
