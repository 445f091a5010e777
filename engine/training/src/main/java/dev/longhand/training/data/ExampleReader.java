package dev.longhand.training.data;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.ToolCall;
import dev.longhand.training.model.TrainingSequence;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Reads the content of a row in one of the usual forms, which its keys tell apart: {@code
 * input_ids} and {@code labels}; {@code messages}; {@code conversations} (ShareGPT); {@code
 * instruction}, {@code input} and {@code output} (Alpaca); {@code prompt} and {@code completion},
 * as texts or as messages.
 */
final class ExampleReader {
    private static final int TOKENS_MAX = 1 << 22;

    private ExampleReader() {}

    /**
     * Reads a row.
     *
     * @throws InputException if it has none of the forms; the message names file, line and key
     */
    static Example read(String source, Settings row) {
        if (row.has("input_ids")) {
            return tokens(row);
        }
        if (row.has("messages")) {
            return conversation(row, row.objects("messages"));
        }
        if (row.has("conversations")) {
            return conversation(row, row.objects("conversations"));
        }
        if (row.has("instruction")) {
            return alpaca(row);
        }
        if (row.has("prompt")) {
            return completion(row);
        }
        throw new InputException(
                source
                        + ": has none of input_ids, messages, conversations, instruction and"
                        + " prompt");
    }

    private static Example tokens(Settings row) {
        int[] ids = integers(row, "input_ids", 0);
        int[] labels = integers(row, "labels", TrainingSequence.NO_LABEL);
        if (labels.length != ids.length) {
            throw row.refuse(
                    "labels",
                    "has %d numbers, input_ids has %d".formatted(labels.length, ids.length));
        }
        for (int i = 0; i < ids.length; i++) {
            if (labels[i] != ids[i] && labels[i] != TrainingSequence.NO_LABEL) {
                throw row.refuse(
                        "labels[" + i + "]",
                        "is %d, must be input_ids[%d] = %d or -100: labels are not shifted"
                                .formatted(labels[i], i, ids[i]));
            }
        }
        return new Example.Tokens(ids, labels);
    }

    private static int[] integers(Settings row, String key, int min) {
        return row.integerList(key, TOKENS_MAX, min, Integer.MAX_VALUE).stream()
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static Example conversation(Settings row, List<Settings> turns) {
        List<ChatMessage> messages = new ArrayList<>();
        row.string("system")
                .filter(text -> !text.isEmpty())
                .ifPresent(text -> messages.add(ChatMessage.system(text)));
        turns.forEach(turn -> messages.add(message(turn)));
        return new Example.Conversation(messages, tools(row));
    }

    private static ChatMessage message(Settings turn) {
        String role = role(turn);
        Optional<String> content = turn.string("content").or(() -> turn.string("value"));
        List<ToolCall> calls = new ArrayList<>();
        for (Settings call : turn.objects("tool_calls")) {
            calls.add(toolCall(call));
        }
        if (content.isEmpty() && calls.isEmpty()) {
            throw turn.refuse(turn.has("from") ? "value" : "content", "is missing");
        }
        return new ChatMessage(role, content.orElse(null), calls);
    }

    private static String role(Settings turn) {
        String key = turn.has("from") ? "from" : "role";
        String role = turn.string(key).orElseThrow(() -> turn.refuse(key, "is missing"));
        return switch (role) {
            case "user", "human" -> "user";
            case "assistant", "gpt" -> "assistant";
            case "system", "tool" -> role;
            default ->
                    throw turn.refuse(
                            key, "is " + role + ", must be system, user, assistant or tool");
        };
    }

    private static ToolCall toolCall(Settings call) {
        Settings function = call.object("function").orElse(call);
        String name =
                function.string("name").orElseThrow(() -> function.refuse("name", "is missing"));
        String arguments =
                function.isString("arguments")
                        ? function.string("arguments").orElseThrow()
                        : function.json("arguments");
        if (arguments == null) {
            throw function.refuse("arguments", "is missing");
        }
        return new ToolCall(name, arguments);
    }

    /** Reads function schemas, given as a list or as the JSON text of one. */
    private static List<String> tools(Settings row) {
        if (!row.isString("tools")) {
            return row.objects("tools").stream().map(Settings::json).toList();
        }
        String list = row.string("tools").orElseThrow();
        if (list.isBlank()) {
            return List.of();
        }
        byte[] wrapped = ("{\"tools\":" + list + "}").getBytes(StandardCharsets.UTF_8);
        return Settings.parse("tools", wrapped).objects("tools").stream()
                .map(Settings::json)
                .toList();
    }

    private static Example alpaca(Settings row) {
        List<ChatMessage> messages = new ArrayList<>();
        row.string("system")
                .filter(text -> !text.isEmpty())
                .ifPresent(text -> messages.add(ChatMessage.system(text)));
        String instruction = row.string("instruction").orElse("");
        String input = row.string("input").orElse("");
        messages.add(ChatMessage.user(input.isEmpty() ? instruction : instruction + "\n" + input));
        messages.add(
                ChatMessage.assistant(
                        row.string("output")
                                .orElseThrow(() -> row.refuse("output", "is missing"))));
        return new Example.Conversation(messages, List.of());
    }

    private static Example completion(Settings row) {
        if (row.isString("prompt")) {
            return new Example.Completion(
                    row.string("prompt").orElseThrow(),
                    row.string("completion")
                            .orElseThrow(() -> row.refuse("completion", "is missing")));
        }
        List<Settings> turns = new ArrayList<>(row.objects("prompt"));
        turns.addAll(row.objects("completion"));
        return conversation(row, turns);
    }
}
