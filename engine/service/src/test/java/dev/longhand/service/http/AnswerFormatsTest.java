package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.service.http.ServedDemo.Answer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/** Structured output (S21), on a model that would write something else. */
class AnswerFormatsTest extends ScriptedTest {
    private static final JsonMapper JSON = new JsonMapper();

    private static final String SCHEMA =
            """
            {"type":"object","properties":{"colour":{"enum":["red","blue"]},"count":{"type":"integer",
            "minimum":3,"maximum":17},"note":{"type":"string","maxLength":5}},
            "required":["colour","count","note"],"additionalProperties":false}\
            """;

    private static final String TOOLS =
            """
            "tools":[{"type":"function","function":{"name":"real","parameters":{"type":"object",
            "properties":{"x":{"type":"boolean"}},"required":["x"]}}},
            {"type":"function","function":{"name":"other"}}]\
            """;

    private static String schema(String more) {
        return "\"response_format\":{\"type\":\"json_schema\","
                + "\"json_schema\":{\"name\":\"a\",\"strict\":true,"
                + "\"schema\":%s}}%s".formatted(SCHEMA, more);
    }

    private static void assertInSchema(String text) {
        JsonNode value = JSON.readTree(text);
        assertEquals(Set.of("colour", "count", "note"), Set.copyOf(value.propertyNames()));
        assertTrue(Set.of("red", "blue").contains(value.get("colour").stringValue()), text);
        int count = value.get("count").intValue();
        assertTrue(count >= 3 && count <= 17, text);
        assertTrue(value.get("note").stringValue().codePoints().count() <= 5, text);
    }

    @Test
    void anAnswerIsInTheSchema() throws IOException {
        JsonNode choice = choice(CHAT, chat("hello", schema("")));
        assertInSchema(choice.at("/message/content").asString());
        assertEquals("stop", choice.get("finish_reason").asString());
        assertInSchema(streamed("content", chat("hello", schema(",\"temperature\":1,\"seed\":3"))));
        String guided = "\"guided_json\":%s".formatted(SCHEMA);
        assertInSchema(choice(TEXT, continued(guided)).get("text").asString());
        String structured = "\"structured_outputs\":{\"json\":%s}".formatted(SCHEMA);
        assertInSchema(choice(TEXT, continued(structured)).get("text").asString());
    }

    private static String continued(String more) {
        return "{\"prompt\":\"x\",\"max_tokens\":200,%s}".formatted(more);
    }

    @Test
    void everySampleIsInTheSchema() throws IOException {
        String more = schema(",\"n\":8,\"temperature\":2,\"top_k\":0,\"seed\":1");
        JsonNode choices = good(CHAT, chat("uni", more)).get("choices");
        assertEquals(8, choices.size());
        for (JsonNode choice : choices) {
            assertInSchema(choice.at("/message/content").asString());
            assertEquals("stop", choice.get("finish_reason").asString());
        }
    }

    @Test
    void choicesAndExpressions() throws IOException {
        String choice = "\"guided_choice\":[\"yes\",\"no way\"]";
        String text = choice(TEXT, text("hello", choice)).get("text").asString();
        assertTrue(List.of("yes", "no way").contains(text), text);
        String regex = "\"structured_outputs\":{\"regex\":\"[A-C]{3}-\\\\d{2,4}\"}";
        String matched = choice(CHAT, chat("hello", regex)).at("/message/content").asString();
        assertTrue(matched.matches("[A-C]{3}-\\d{2,4}"), matched);
    }

    @Test
    void anyObjectBeginsAsOneAndIsCutByTheLimit() throws IOException {
        String more = "\"response_format\":{\"type\":\"json_object\"},\"max_tokens\":3";
        JsonNode choice = choice(CHAT, chat("hello", more));
        assertTrue(choice.at("/message/content").asString().startsWith("{"), "" + choice);
        boolean whole = choice.get("finish_reason").asString().equals("stop");
        assertEquals(whole, choice.at("/message/content").asString().endsWith("}"), "" + choice);
        JsonNode cut = choice(CHAT, chat("hello", schema(",\"max_tokens\":2")));
        assertEquals("length", cut.get("finish_reason").asString());
    }

    @Test
    void aRequiredCallIsMade() throws IOException {
        String more =
                ",\"parallel_tool_calls\":false,\"tool_choice\":\"required\",\"max_tokens\":300";
        JsonNode choice = choice(CHAT, chat("hello", TOOLS + more));
        if (choice.get("finish_reason").asString().equals("tool_calls")) {
            assertEquals(1, choice.at("/message/tool_calls").size());
        } else { // the arguments of "other" are any object, which this model does not end
            assertEquals("length", choice.get("finish_reason").asString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"false", "true"})
    void aNamedCallIsMadeOnce(String parallel) throws IOException {
        String more =
                TOOLS
                        + ",\"parallel_tool_calls\":%s,\"tool_choice\":{\"type\":\"function\","
                                .formatted(parallel)
                        + "\"function\":{\"name\":\"real\"}}";
        JsonNode choice = choice(CHAT, chat("hello", more));
        JsonNode calls = choice.at("/message/tool_calls");
        assertEquals(1, calls.size(), "" + choice);
        assertEquals("real", calls.at("/0/function/name").asString());
        JsonNode arguments = JSON.readTree(calls.at("/0/function/arguments").asString());
        assertTrue(arguments.get("x").isBoolean(), "" + arguments);
        assertEquals("tool_calls", choice.get("finish_reason").asString());
        assertEquals("", choice.at("/message/content").asString(""));
    }

    @Test
    void aFormatBesideToolsAllowsCallsToo() throws IOException {
        JsonNode choice = choice(CHAT, chat("hello", TOOLS + "," + schema(",\"max_tokens\":200")));
        String content = choice.at("/message/content").asString("");
        switch (choice.get("finish_reason").asString()) {
            case "stop" -> assertInSchema(content);
            case "tool_calls" -> assertEquals("", content);
            default -> assertTrue(content.startsWith("{") || content.startsWith("<tool_call>"));
        }
    }

    @Test
    void refusalsNameTheField() throws IOException {
        refused("\"response_format\":{\"type\":\"xml\"}", "response_format.type");
        refused("\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema");
        refused(schema("").replace("\"enum\"", "\"not\""), "response_format");
        refused(schema(",\"guided_regex\":\"a\""), null);
        refused("\"guided_regex\":\"(a\"", "guided_regex");
        refused("\"guided_choice\":[]", "guided_choice");
        String bad = SCHEMA.replace("\"enum\"", "\"not\"");
        refused("\"guided_json\":" + bad, "guided_json");
        refused("\"guided_regex\":\"(a?){9000}\"", "guided_regex");
        refused("\"structured_outputs\":{\"json\":%s}".formatted(bad), "structured_outputs.json");
        refused("\"structured_outputs\":{\"regex\":\"(a\"}", "structured_outputs.regex");
        refused("\"structured_outputs\":{\"choice\":[]}", "structured_outputs.choice");
        refused(TOOLS + ",\"guided_json\":" + bad, "guided_json");
        String call = ",\"tool_choice\":\"required\"";
        refused(TOOLS.replace("boolean", "date") + call, "tools");
        assertRefused(TEXT, text("hello", "\"guided_json\":" + bad), "guided_json");
        refused("\"structured_outputs\":{\"grammar\":\"x\"}", "structured_outputs.grammar");
        refused("\"tool_choice\":\"required\"", "tool_choice");
        refused(TOOLS + ",\"tool_choice\":\"sometimes\"", "tool_choice");
        refused(
                TOOLS + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"x\"}}",
                "tool_choice.function");
        Answer answer = served.post(CHAT, chat("hello", schema("").replace("\"enum\"", "\"not\"")));
        assertEquals(
                "request: response_format is refused: schema.colour: not is not supported",
                answer.body().at("/error/message").asString());
    }

    private void refused(String more, @Nullable String field) throws IOException {
        Answer answer = served.post(CHAT, chat("hello", more));
        assertEquals(400, answer.status(), more + " " + answer.response().body());
        if (field != null) {
            assertEquals(field, answer.body().at("/error/param").asString(), more);
        }
    }

    @Test
    void aFreeAnswerStaysFree() throws IOException {
        String more =
                "\"response_format\":{\"type\":\"text\"}," + TOOLS + ",\"tool_choice\":\"auto\"";
        assertEquals(
                "Hello! I am scripted.",
                choice(CHAT, chat("hello", more)).at("/message/content").asString());
    }
}
