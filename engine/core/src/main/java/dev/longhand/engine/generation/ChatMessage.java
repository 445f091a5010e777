package dev.longhand.engine.generation;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/**
 * Message of a conversation.
 *
 * @param role speaker: system, user, assistant or tool
 * @param content text; null for an assistant that only calls tools
 * @param toolCalls function calls of an assistant, usually none
 * @param fields further fields as JSON by name, such as {@code reasoning_content}; templates may
 *     read them
 */
public record ChatMessage(
        String role,
        @Nullable String content,
        List<ToolCall> toolCalls,
        Map<String, String> fields) {
    public ChatMessage {
        toolCalls = List.copyOf(toolCalls);
        fields = Map.copyOf(fields);
    }

    /** Creates a message without further fields. */
    public ChatMessage(String role, @Nullable String content, List<ToolCall> toolCalls) {
        this(role, content, toolCalls, Map.of());
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
