package dev.longhand.service;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.ToolCall;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Parses conversations in the format of OpenAI's chat completions. */
public final class Messages {
    private static final Set<String> ROLES = Set.of("system", "user", "assistant", "tool");

    private static final Set<String> RENDERED =
            Set.of("role", "content", "name", "tool_calls", "tool_call_id");

    private static final Set<String> THOUGHTS = Set.of("reasoning_content", "reasoning");

    /** Fields of other APIs that would change the answer: older calls, sound, prefilled answers. */
    private static final Set<String> REFUSED =
            Set.of("function_call", "audio", "prefix", "partial");

    private Messages() {}

    /** Parses the field {@code messages}. */
    public static List<ChatMessage> read(Settings request, Dialect dialect) {
        List<ChatMessage> messages = new ArrayList<>();
        for (Settings message : request.objects("messages")) {
            refuseUnknown(message, dialect);
            String given =
                    message.string("role").orElseThrow(() -> message.refuse("role", "is missing"));
            String role = given.equals("developer") ? "system" : given; // OpenAI's newer name
            if (!ROLES.contains(role)) {
                throw message.refuse("role", "must be one of " + ROLES);
            }
            messages.add(
                    new ChatMessage(role, content(message), toolCalls(message), fields(message)));
        }
        if (messages.isEmpty()) {
            throw request.refuse("messages", "is missing or empty");
        }
        return messages;
    }

    /**
     * Rejects fields that ask for something else. Of the others, the template renders those in
     * {@link #RENDERED} only, so that the lenient dialect accepts any: ids, types, annotations.
     * Thoughts of earlier turns are rendered by templates that have a place for them.
     */
    private static void refuseUnknown(Settings message, Dialect dialect) {
        for (String key : REFUSED) {
            if (!message.isEmpty(key)) {
                throw message.refuse(key, "is not supported");
            }
        }
        if (!dialect.lenient()) {
            RequestFields.refuseUnknown(message, List.of(RENDERED, THOUGHTS));
        }
    }

    /** Returns the fields that some templates read; a thought is there under both its names. */
    private static Map<String, String> fields(Settings message) {
        Map<String, String> fields = new HashMap<>();
        for (String key : List.of("name", "tool_call_id")) {
            if (RequestFields.text(message, key) != null) {
                fields.put(key, Objects.requireNonNull(message.json(key)));
            }
        }
        for (String key : THOUGHTS) {
            if (message.isString(key) && RequestFields.text(message, key) != null) {
                String thought = Objects.requireNonNull(message.json(key));
                THOUGHTS.forEach(name -> fields.put(name, thought));
            }
        }
        return fields;
    }

    /** Parses a string, or a list of parts of type text. */
    private static @Nullable String content(Settings message) {
        if (!message.has("content") || message.isString("content")) {
            return RequestFields.text(message, "content");
        }
        StringBuilder text = new StringBuilder();
        for (Settings part : message.objects("content")) {
            if (!part.string("type").orElse("").equals("text")) {
                throw part.refuse("type", "must be \"text\"");
            }
            text.append(Objects.requireNonNullElse(RequestFields.text(part, "text"), ""));
        }
        return text.toString();
    }

    private static List<ToolCall> toolCalls(Settings message) {
        List<ToolCall> calls = new ArrayList<>();
        for (Settings call : message.objects("tool_calls")) {
            Settings function =
                    call.object("function")
                            .orElseThrow(() -> call.refuse("function", "is missing"));
            String name = RequestFields.text(function, "name");
            String arguments = RequestFields.text(function, "arguments");
            String json = arguments == null || arguments.isBlank() ? "{}" : arguments;
            calls.add(
                    new ToolCall(
                            RequestFields.text(call, "id"),
                            Objects.requireNonNullElse(name, ""),
                            json));
        }
        return calls;
    }
}
