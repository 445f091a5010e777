package dev.longhand.study.code;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;

/**
 * A test of a program.
 *
 * @param function the function to call with the input's lines as arguments in JSON; null if the
 *     program reads standard input
 * @param input the input
 * @param output the expected output
 */
public record CodeTest(@Nullable String function, String input, String output) {
    private static final JsonMapper JSON = new JsonMapper();

    /**
     * Reads the tests in a problem's meta object: {@code "tests": [{"input", "output"}]} with
     * {@code "func_name"}, LiveCodeBench's {@code public_test_cases} and {@code
     * private_test_cases}, or the {@code input_output} of APPS and TACO.
     *
     * @throws InputException if private tests cannot be read: without them a verdict would be that
     *     of an easier problem
     */
    public static List<CodeTest> of(ObjectNode meta) {
        List<CodeTest> tests = new ArrayList<>();
        String function = text(meta.path("func_name"));
        if (function == null) {
            function = text(parsed(meta.path("metadata")).path("func_name"));
        }
        for (String key : List.of("tests", "public_test_cases", "private_test_cases")) {
            for (JsonNode test : tests(meta.path(key))) {
                String kind = test.path("testtype").asString("");
                String called = kind.equals("stdin") ? null : function;
                tests.add(new CodeTest(called, value(test, "input"), value(test, "output")));
            }
        }
        JsonNode pairs = parsed(meta.path("input_output"));
        String named = text(pairs.path("fn_name"));
        JsonNode inputs = pairs.path("inputs");
        for (int i = 0; i < inputs.size(); i++) {
            String input = named == null ? plain(inputs.path(i), "\n") : lines(inputs.path(i));
            tests.add(new CodeTest(named, input, plain(pairs.path("outputs").path(i), "\n")));
        }
        return tests;
    }

    private static JsonNode tests(JsonNode node) {
        JsonNode read = parsed(node);
        if (read.isArray() || !node.isString()) {
            return read;
        }
        try {
            return JSON.readTree(PickledText.decode(node.stringValue()));
        } catch (JacksonException e) {
            throw new InputException("private_test_cases is a string that is not JSON", e);
        }
    }

    private static @Nullable String text(JsonNode node) {
        return node.isString() && !node.stringValue().isEmpty() ? node.stringValue() : null;
    }

    /** The value of a field that may hold its JSON as a string. */
    private static JsonNode parsed(JsonNode node) {
        if (!node.isString()) {
            return node;
        }
        try {
            return JSON.readTree(node.stringValue());
        } catch (JacksonException e) {
            return JsonLine.newObject();
        }
    }

    private static String value(JsonNode test, String key) {
        return plain(test.path(key), "\n");
    }

    private static String plain(JsonNode node, String separator) {
        if (node.isString()) {
            return node.stringValue();
        }
        boolean texts = node.isArray() && node.valueStream().allMatch(JsonNode::isString);
        return texts
                ? String.join(separator, node.valueStream().map(JsonNode::stringValue).toList())
                : node.toString();
    }

    private static String lines(JsonNode arguments) {
        return String.join("\n", arguments.valueStream().map(JsonNode::toString).toList());
    }

    /** Whether an output is the expected one: by lines without trailing space, or as JSON. */
    boolean accepts(String actual) {
        if (function == null) {
            return lines(actual).equals(lines(output));
        }
        try {
            JsonNode expected = JSON.readTree(output);
            JsonNode value = JSON.readTree(actual);
            return value.equals(expected)
                    || (expected.isArray()
                            && expected.size() == 1
                            && value.equals(expected.get(0)));
        } catch (JacksonException e) {
            return false;
        }
    }

    private static List<String> lines(String text) {
        return text.stripTrailing().lines().map(String::stripTrailing).toList();
    }
}
