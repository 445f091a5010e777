package dev.longhand.engine.chat;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Reads conversations whose messages reach the template as they are written, with {@code
 * add_generation_prompt}, {@code continue_final_message}, {@code documents} and {@code
 * chat_template_kwargs}.
 */
public final class ConversationReader {
    /** Fields of {@link #options}. */
    public static final Set<String> OPTIONS =
            Set.of(
                    "add_generation_prompt",
                    "continue_final_message",
                    "documents",
                    "chat_template_kwargs");

    private ConversationReader() {}

    /**
     * Reads an object with {@code messages}, {@code tools} and the options.
     *
     * @throws dev.longhand.engine.error.InputException if a field is missing, malformed or unknown
     */
    public static Prompt.Chat read(Settings file) {
        for (String key : file.keys()) {
            if (!OPTIONS.contains(key) && !Set.of("messages", "tools").contains(key)) {
                throw file.refuse(key, "is not supported");
            }
        }
        List<ChatMessage> messages = new ArrayList<>();
        file.objects("messages").forEach(message -> messages.add(message(message)));
        if (messages.isEmpty()) {
            throw file.refuse("messages", "is missing or empty");
        }
        return new Prompt.Chat(messages, jsons(file, "tools"), options(file));
    }

    private static ChatMessage message(Settings message) {
        Map<String, String> fields = new HashMap<>();
        for (String key : message.keys()) {
            boolean isText = key.equals("role") || key.equals("content");
            if (!(isText && message.isString(key))) {
                fields.put(key, Objects.requireNonNullElse(message.json(key), "null"));
            }
        }
        String role =
                message.string("role").orElseThrow(() -> message.refuse("role", "is missing"));
        String content =
                message.isString("content") ? message.string("content").orElseThrow() : null;
        return new ChatMessage(role, content, List.of(), fields);
    }

    /**
     * Reads what the template is told besides messages and tools. An answer is opened unless the
     * last message is continued.
     */
    public static TemplateOptions options(Settings request) {
        boolean continueFinal = request.bool("continue_final_message", false);
        boolean openAnswer = request.bool("add_generation_prompt", !continueFinal);
        if (continueFinal && openAnswer) {
            throw request.refuse(
                    "continue_final_message", "and add_generation_prompt are both true");
        }
        return new TemplateOptions(
                openAnswer, continueFinal, jsons(request, "documents"), variables(request));
    }

    /** Reads {@code chat_template_kwargs}: variables that the template reads, by name. */
    public static Map<String, String> variables(Settings request) {
        Map<String, String> variables = new LinkedHashMap<>();
        request.object("chat_template_kwargs")
                .ifPresent(
                        given ->
                                given.keys()
                                        .forEach(
                                                name ->
                                                        variables.put(
                                                                name,
                                                                Objects.requireNonNullElse(
                                                                        given.json(name),
                                                                        "null"))));
        return variables;
    }

    private static List<String> jsons(Settings request, String key) {
        return request.objects(key).stream().map(Settings::json).toList();
    }
}
