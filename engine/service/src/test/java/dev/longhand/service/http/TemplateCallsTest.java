package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Calls are read in the form that the model's template shows; its marker is a control token. */
class TemplateCallsTest extends ScriptedTest {
    private static final String TOOLS =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"real\"}}]";

    @Override
    void prepare(Path folder) throws IOException {
        Files.writeString(
                folder.resolve("chat_template.jinja"),
                """
                {% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}\
                {{ '{"name": "' + c.function.name + '", "parameters": ' }}\
                {{ c.function.arguments | tojson }}{{ '}' }}{% endfor %}{% endfor %}\
                """);
    }

    @Test
    void callsAfterAControlToken() throws IOException {
        JsonNode choice = choice(CHAT, chat("llama", TOOLS));
        assertEquals("tool_calls", choice.get("finish_reason").asString());
        JsonNode calls = choice.at("/message/tool_calls");
        assertEquals(1, calls.size(), choice.toString());
        assertEquals("real", calls.at("/0/function/name").asString());
        assertEquals("{\"x\":1}", calls.at("/0/function/arguments").asString());
        assertEquals("", choice.at("/message/content").asString());
        assertEquals("", streamed("content", chat("llama", TOOLS)));
        assertEquals(
                "{\"x\":1}", streamed("tool_calls/0/function/arguments", chat("llama", TOOLS)));
    }

    /** Without tools the answer is text, and the control token has none. */
    @Test
    void withoutToolsTheAnswerIsText() throws IOException {
        assertEquals(
                "{\"name\": \"real\", \"parameters\": {\"x\": 1}}",
                choice(CHAT, chat("llama", "")).at("/message/content").asString());
    }
}
