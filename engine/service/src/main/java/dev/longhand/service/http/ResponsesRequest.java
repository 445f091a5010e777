package dev.longhand.service.http;

import dev.longhand.engine.file.SettingException;
import dev.longhand.engine.file.Settings;
import dev.longhand.service.Dialect;
import dev.longhand.service.RequestFields;
import dev.longhand.service.RequestRules;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A parsed request of OpenAI's Responses API: a chat in other words. Nothing is stored, so that it
 * cannot continue an earlier response.
 *
 * @param chat the same request as a chat completion
 * @param echoed fields of the request that the response repeats
 */
record ResponsesRequest(CompletionRequest chat, ObjectNode echoed) {
    private static final JsonMapper JSON = new JsonMapper();

    private static final Set<String> OWN =
            Set.of(
                    "model",
                    "input",
                    "instructions",
                    "max_output_tokens",
                    "tools",
                    "tool_choice",
                    "parallel_tool_calls",
                    "stream",
                    "text",
                    "user",
                    "metadata",
                    "safety_identifier",
                    "prompt_cache_key");

    /** Fields of the same meaning in both APIs. */
    private static final List<String> SAME =
            List.of("model", "parallel_tool_calls", "stream", "user", "metadata");

    /** Fields that cannot change the answer of this server. */
    private static final Set<String> IRRELEVANT =
            Set.of(
                    "store",
                    "service_tier",
                    "prompt_cache_retention",
                    "reasoning",
                    "stream_options",
                    "include");

    /** Fields that are accepted with the values that ask for nothing. */
    private static final Map<String, Set<String>> DEFAULTS =
            Map.of(
                    "background", Set.of("false"),
                    "truncation", Set.of("\"disabled\""),
                    "top_logprobs", Set.of("0"));

    /** Parts of an answer that clients may ask for, and get without asking or not at all. */
    private static final Set<String> INCLUDED = Set.of("reasoning.encrypted_content");

    /** Names of fields that differ between the APIs, by that of chat completions. */
    private static final Map<String, String> NAMES =
            Map.of(
                    "messages", "input",
                    "max_completion_tokens", "max_output_tokens",
                    "response_format", "text.format");

    /** Parses a request. */
    static ResponsesRequest read(Settings body, RequestRules rules) {
        check(body, rules.dialect());
        ObjectNode chat = JSON.createObjectNode();
        for (String key : body.keys()) {
            boolean shared =
                    SAME.contains(key)
                            || RequestFields.SAMPLING.contains(key)
                            || RequestFields.CONTROLS.contains(key)
                            || RequestFields.ENDS.contains(key);
            if (shared) {
                copy(body, key, chat, key);
            }
        }
        copy(body, "max_output_tokens", chat, "max_completion_tokens");
        chat.set("messages", ResponsesInput.messages(body));
        ArrayNode tools = tools(body);
        if (!tools.isEmpty()) {
            chat.set("tools", tools);
        }
        toolChoice(body, chat);
        effort(body, chat);
        body.object("text").ifPresent(text -> format(text, chat, rules.dialect()));
        return new ResponsesRequest(parse(chat, rules), echoed(body));
    }

    private static CompletionRequest parse(ObjectNode chat, RequestRules rules) {
        try {
            byte[] json = JSON.writeValueAsString(chat).getBytes(StandardCharsets.UTF_8);
            return CompletionRequest.chat(Settings.parse("request", json), rules);
        } catch (SettingException e) {
            throw renamed(e);
        }
    }

    /** Returns the error of a chat under the names of this API. */
    static HttpFailure renamed(SettingException error) {
        String name = NAMES.getOrDefault(error.key(), error.key());
        String message = String.valueOf(error.getMessage()).replace(error.key(), name);
        return HttpFailure.invalid(name, null, message);
    }

    private static void check(Settings body, Dialect dialect) {
        for (String earlier : List.of("previous_response_id", "conversation")) {
            if (body.has(earlier)) {
                throw body.refuse(
                        earlier,
                        "is not supported: no response is stored; send the conversation as input");
            }
        }
        DEFAULTS.forEach(
                (key, values) -> {
                    String value = body.json(key);
                    if (value != null && !values.contains(value)) {
                        throw body.refuse(
                                key, "is not supported, but for " + String.join(", ", values));
                    }
                });
        for (String part : body.strings("include")) {
            if (!INCLUDED.contains(part)) {
                throw body.refuse("include", "has only " + INCLUDED);
            }
        }
        Set<String> ignored = dialect.lenient() ? IRRELEVANT : Set.of("store", "include");
        RequestFields.refuseUnknown(
                body,
                List.of(
                        OWN,
                        RequestFields.SAMPLING,
                        RequestFields.CONTROLS,
                        RequestFields.ENDS,
                        DEFAULTS.keySet(),
                        ignored));
    }

    private static ArrayNode tools(Settings body) {
        ArrayNode tools = JSON.createArrayNode();
        for (Settings tool : body.objects("tools")) {
            if (!tool.string("type").orElse("").equals("function")) {
                throw tool.refuse("type", "must be \"function\"");
            }
            if (tool.string("name").isEmpty()) {
                throw tool.refuse("name", "is missing");
            }
            ObjectNode function = JSON.createObjectNode();
            for (String key : List.of("name", "description", "parameters", "strict")) {
                copy(tool, key, function, key);
            }
            tools.addObject().put("type", "function").set("function", function);
        }
        return tools;
    }

    private static void toolChoice(Settings body, ObjectNode chat) {
        if (!body.has("tool_choice") || body.isString("tool_choice")) {
            copy(body, "tool_choice", chat, "tool_choice");
            return;
        }
        Settings choice = body.object("tool_choice").orElseThrow();
        if (!choice.string("type").orElse("").equals("function")) {
            throw choice.refuse("type", "must be \"function\"");
        }
        String name = choice.string("name").orElseThrow(() -> choice.refuse("name", "is missing"));
        ObjectNode named = chat.putObject("tool_choice").put("type", "function");
        named.putObject("function").put("name", name);
    }

    /** The effort is told to the chat template; a summary of the thought is none of ours. */
    private static void effort(Settings body, ObjectNode chat) {
        body.object("reasoning")
                .flatMap(reasoning -> reasoning.string("effort"))
                .ifPresent(effort -> chat.put("reasoning_effort", effort));
    }

    private static void copy(Settings from, String key, ObjectNode to, String name) {
        String value = from.json(key);
        if (value != null) {
            to.set(name, JSON.readTree(value));
        }
    }

    /** Adds the format of the answer in the form of chat completions. */
    private static void format(Settings text, ObjectNode chat, Dialect dialect) {
        Set<String> ignored = dialect.lenient() ? Set.of("verbosity") : Set.of();
        RequestFields.refuseUnknown(text, List.of(Set.of("format"), ignored));
        text.object("format")
                .ifPresent(
                        format -> {
                            String type = format.string("type").orElse("");
                            ObjectNode asked = chat.putObject("response_format").put("type", type);
                            if (type.equals("json_schema")) {
                                ObjectNode schema = (ObjectNode) JSON.readTree(format.json());
                                schema.remove("type");
                                asked.set("json_schema", schema);
                            }
                        });
    }

    private static ObjectNode echoed(Settings body) {
        ObjectNode echoed = JSON.createObjectNode();
        put(echoed, body, "instructions", "null");
        put(echoed, body, "max_output_tokens", "null");
        put(echoed, body, "parallel_tool_calls", "true");
        put(echoed, body, "temperature", "null");
        put(echoed, body, "top_p", "null");
        put(echoed, body, "tool_choice", "\"auto\"");
        put(echoed, body, "tools", "[]");
        put(echoed, body, "text", "{\"format\":{\"type\":\"text\"}}");
        put(echoed, body, "metadata", "{}");
        put(echoed, body, "user", "null");
        put(echoed, body, "reasoning", "{\"effort\":null,\"summary\":null}");
        echoed.put("truncation", "disabled").put("store", false).put("background", false);
        echoed.putNull("previous_response_id");
        return echoed;
    }

    private static void put(ObjectNode echoed, Settings body, String key, String absent) {
        String value = body.json(key);
        echoed.set(key, JSON.readTree(value == null ? absent : value));
    }
}
