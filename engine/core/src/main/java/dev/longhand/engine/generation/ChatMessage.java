package dev.longhand.engine.generation;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * One message of a conversation.
 *
 * @param role who speaks: system, user, assistant or tool
 * @param content what is said; null for an assistant that only calls tools
 * @param toolCalls the assistant's calls, usually none
 */
public record ChatMessage(String role, @Nullable String content, List<ToolCall> toolCalls) {
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
    }

    /** Instructions to the model. */
    public static ChatMessage system(String content) {
        return new ChatMessage("system", content, List.of());
    }

    /** What the user says. */
    public static ChatMessage user(String content) {
        return new ChatMessage("user", content, List.of());
    }

    /** What the model said. */
    public static ChatMessage assistant(String content) {
        return new ChatMessage("assistant", content, List.of());
    }

    /** What a tool answered. */
    public static ChatMessage tool(String content) {
        return new ChatMessage("tool", content, List.of());
    }
}
