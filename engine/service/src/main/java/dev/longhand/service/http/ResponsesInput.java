package dev.longhand.service.http;

import dev.longhand.engine.file.Settings;
import dev.longhand.service.RequestFields;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.Set;

/** Parses the input of OpenAI's Responses API into the messages of a chat completion. */
final class ResponsesInput {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Set<String> ROLES = Set.of("user", "assistant", "system", "developer");
    private static final Set<String> TEXTS =
            Set.of("input_text", "output_text", "text", "reasoning_text");

    private final ArrayNode messages = JSON.createArrayNode();
    private @Nullable ObjectNode turn; // of the assistant; later calls belong to it
    private String thought = ""; // of the turn that comes

    private ResponsesInput() {}

    /** Returns the messages: the instructions, then the items of the input. */
    static ArrayNode messages(Settings body) {
        ResponsesInput input = new ResponsesInput();
        String instructions = RequestFields.text(body, "instructions");
        if (instructions != null) {
            input.add("system", instructions);
        }
        if (!body.has("input")) {
            throw body.refuse("input", "is missing");
        }
        if (body.isString("input")) {
            RequestFields.text(body, "input");
            input.add("user", body.string("input").orElseThrow());
            return input.messages;
        }
        int before = input.messages.size();
        body.objects("input").forEach(input::item);
        if (input.messages.size() == before) {
            throw body.refuse("input", "is empty");
        }
        return input.messages;
    }

    private ObjectNode add(String role, String content) {
        turn = null;
        ObjectNode message = messages.addObject().put("role", role).put("content", content);
        if (role.equals("assistant") && !thought.isEmpty()) {
            message.put("reasoning_content", thought);
        }
        thought = "";
        return message;
    }

    private void item(Settings item) {
        String type = item.string("type").orElse(item.has("role") ? "message" : "");
        switch (type) {
            case "message" -> message(item);
            case "function_call" -> call(item);
            case "function_call_output" ->
                    add("tool", content(item, "output"))
                            .put("tool_call_id", required(item, "call_id"));
            case "reasoning" -> thought = content(item, "content");
            default ->
                    throw item.refuse(
                            "type",
                            "must be message, function_call, function_call_output or reasoning");
        }
    }

    private void message(Settings item) {
        String role = required(item, "role");
        if (!ROLES.contains(role)) {
            throw item.refuse("role", "must be one of " + ROLES);
        }
        ObjectNode message = add(role, content(item, "content"));
        turn = role.equals("assistant") ? message : null;
    }

    private void call(Settings item) {
        if (turn == null) {
            turn = add("assistant", "");
            turn.putNull("content");
        }
        ObjectNode call = turn.withArray("tool_calls").addObject();
        call.put("id", required(item, "call_id")).put("type", "function");
        call.putObject("function")
                .put("name", required(item, "name"))
                .put("arguments", item.string("arguments").orElse(""));
        RequestFields.text(item, "arguments");
    }

    private static String required(Settings item, String key) {
        String value = RequestFields.text(item, key);
        if (value == null) {
            throw item.refuse(key, "is missing");
        }
        return value;
    }

    /** Parses a text, or a list of parts with text. */
    private static String content(Settings item, String key) {
        if (item.isString(key)) {
            return required(item, key);
        }
        StringBuilder text = new StringBuilder();
        for (Settings part : item.objects(key)) {
            if (!TEXTS.contains(part.string("type").orElse(""))) {
                throw part.refuse("type", "must be one of " + TEXTS);
            }
            text.append(required(part, "text"));
        }
        return text.toString();
    }
}
