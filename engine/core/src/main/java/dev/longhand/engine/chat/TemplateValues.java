package dev.longhand.engine.chat;

import com.google.gson.JsonElement;
import com.google.gson.JsonPrimitive;

import dev.longhand.engine.file.Json;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.ToolCall;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Conversations as the values that a template reads. */
final class TemplateValues {
    private TemplateValues() {}

    /** Returns the variables of a conversation; absent tools and documents are null. */
    static Map<String, @Nullable Object> variables(Prompt.Chat chat, CallTraits traits) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>();
        chat.options()
                .variables()
                .forEach((name, json) -> variables.put(name, parse("variable " + name, json)));
        List<Object> messages = new ArrayList<>();
        chat.messages().forEach(message -> messages.add(message(message, traits)));
        variables.put("messages", messages);
        variables.put("tools", values("tool", chat.tools()));
        variables.put("documents", values("document", chat.options().documents()));
        variables.put("add_generation_prompt", chat.options().openAnswer());
        return variables;
    }

    private static @Nullable List<@Nullable Object> values(String source, List<String> jsons) {
        if (jsons.isEmpty()) {
            return null;
        }
        List<@Nullable Object> values = new ArrayList<>();
        jsons.forEach(json -> values.add(parse(source, json)));
        return values;
    }

    private static Map<String, @Nullable Object> message(ChatMessage message, CallTraits traits) {
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("role", message.role());
        String content = message.content();
        if (message.toolCalls().isEmpty()) {
            if (content != null) {
                fields.put("content", content);
            }
        } else {
            boolean blank = content == null || content.isEmpty();
            fields.put("content", blank ? (traits.contentAsText() ? "" : null) : content);
            fields.put(
                    "tool_calls",
                    message.toolCalls().stream()
                            .map(call -> call(call, traits.argumentsAsText()))
                            .toList());
        }
        message.fields()
                .forEach((name, json) -> fields.put(name, parse("message field " + name, json)));
        return fields;
    }

    private static Map<String, @Nullable Object> call(ToolCall call, boolean argumentsAsText) {
        Object arguments = parse("tool call", call.arguments());
        Map<String, @Nullable Object> function = new LinkedHashMap<>();
        function.put("name", call.name());
        function.put("arguments", argumentsAsText ? call.arguments() : arguments);
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        if (call.id() != null) {
            fields.put("id", call.id());
        }
        fields.put("type", "function");
        fields.put("function", function);
        return fields;
    }

    /**
     * Returns a JSON value as maps, lists, texts, numbers, booleans and null.
     *
     * @throws dev.longhand.engine.error.InputException if the text is not JSON
     */
    static @Nullable Object parse(String source, String json) {
        return value(Json.parse(source, json.getBytes(StandardCharsets.UTF_8)));
    }

    private static @Nullable Object value(JsonElement json) {
        if (json.isJsonNull()) {
            return null;
        }
        if (json.isJsonObject()) {
            Map<String, @Nullable Object> object = new LinkedHashMap<>();
            json.getAsJsonObject()
                    .entrySet()
                    .forEach(entry -> object.put(entry.getKey(), value(entry.getValue())));
            return object;
        }
        if (json.isJsonArray()) {
            List<@Nullable Object> list = new ArrayList<>();
            json.getAsJsonArray().forEach(element -> list.add(value(element)));
            return list;
        }
        JsonPrimitive primitive = json.getAsJsonPrimitive();
        if (primitive.isString()) {
            return primitive.getAsString();
        }
        if (primitive.isBoolean()) {
            return primitive.getAsBoolean();
        }
        return Json.isWhole(primitive)
                ? primitive.getAsBigInteger()
                : (Object) primitive.getAsDouble();
    }
}
