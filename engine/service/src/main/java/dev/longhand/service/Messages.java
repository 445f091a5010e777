package dev.longhand.service;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.ToolCall;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parses conversations in the format of OpenAI's chat completions. */
public final class Messages {
    private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");

    private Messages() {}

    /** Parses the field {@code messages}. */
    public static List<ChatMessage> read(Settings request) {
        List<ChatMessage> messages = new ArrayList<>();
        for (Settings message : request.objects("messages")) {
            RequestFields.refuseUnknown(
                    message,
                    List.of(Set.of("role", "content", "name", "tool_calls", "tool_call_id")));
            String given =
                    message.string("role").orElseThrow(() -> message.refuse("role", "is missing"));
            String role = given.equals("developer") ? "system" : given; // OpenAI's newer name
            if (!ROLES.contains(role)) {
                throw message.refuse("role", "must be one of " + ROLES);
            }
            messages.add(new ChatMessage(role, content(message), toolCalls(message)));
        }
        if (messages.isEmpty()) {
            throw request.refuse("messages", "is missing or empty");
        }
        return messages;
    }

    /** Parses a string, or a list of parts of type text. */
    private static @Nullable String content(Settings message) {
        if (!message.has("content") || message.isString("content")) {
            return message.string("content").orElse(null);
        }
        StringBuilder text = new StringBuilder();
        for (Settings part : message.objects("content")) {
            if (!part.string("type").orElse("").equals("text")) {
                throw part.refuse("type", "must be \"text\"");
            }
            text.append(part.string("text").orElse(""));
        }
        return text.toString();
    }

    private static List<ToolCall> toolCalls(Settings message) {
        List<ToolCall> calls = new ArrayList<>();
        for (Settings call : message.objects("tool_calls")) {
            Settings function =
                    call.object("function")
                            .orElseThrow(() -> call.refuse("function", "is missing"));
            calls.add(
                    new ToolCall(
                            function.string("name").orElse(""),
                            function.string("arguments").orElse("{}")));
        }
        return calls;
    }
}
