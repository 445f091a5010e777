package dev.longhand.service.http;

import dev.longhand.engine.error.InputException;
import dev.longhand.service.http.ToolCallReader.Call;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Parses {@code <function=NAME>} with {@code <parameter=NAME>} for each argument. The schema of the
 * function says which arguments are texts; others are JSON.
 */
final class FunctionXml {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Pattern FUNCTION =
            Pattern.compile("\\s*<function=([^>\\s]+)>(.*?)(</function>)?\\s*", Pattern.DOTALL);
    private static final Pattern PARAMETER =
            Pattern.compile(
                    "\\s*<parameter=([^>\\s]+)>\\n?(.*?)\\n?</parameter>\\s*", Pattern.DOTALL);

    private final Map<String, JsonNode> propertiesOf = new HashMap<>(); // by function

    /** Reads the schemas of functions, in the form of OpenAI's tools. */
    FunctionXml(List<String> schemas) {
        for (String each : schemas) {
            JsonNode function = JSON.readTree(each).path("function");
            propertiesOf.put(
                    function.path("name").asString(""),
                    function.path("parameters").path("properties"));
        }
    }

    /**
     * Parses a call.
     *
     * @throws InputException if it is none
     */
    List<Call> parse(String body) {
        Matcher function = FUNCTION.matcher(body);
        if (!function.matches()) {
            throw new InputException("call: has no function");
        }
        String name = function.group(1);
        JsonNode properties = propertiesOf.getOrDefault(name, JSON.createObjectNode());
        ObjectNode arguments = JSON.createObjectNode();
        String rest = function.group(2);
        Matcher parameter = PARAMETER.matcher(rest);
        int end = 0;
        while (parameter.lookingAt()) {
            String key = parameter.group(1);
            arguments.set(key, value(parameter.group(2), properties.path(key)));
            end = parameter.end();
            parameter.region(end, rest.length());
        }
        if (!rest.substring(end).isBlank()) {
            throw new InputException("call: has something other than parameters");
        }
        return List.of(new Call(name, arguments.toString()));
    }

    private static JsonNode value(String text, JsonNode schema) {
        JsonNode type = schema.path("type");
        boolean isText =
                type.isMissingNode() ? !schema.has("anyOf") : type.asString("").equals("string");
        if (isText) {
            return JSON.getNodeFactory().stringNode(text);
        }
        try {
            return JSON.readTree(text);
        } catch (JacksonException e) {
            return JSON.getNodeFactory().stringNode(text);
        }
    }
}
