package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A thought that the template opens, or leaves out when it is told to. */
class TemplateThoughtTest extends ScriptedTest {
    @Override
    void prepare(Path folder) throws IOException {
        Files.writeString(
                folder.resolve("chat_template.jinja"),
                """
                {% for m in messages %}{{ m.content }}{% endfor %}<think>
                {% if enable_thinking is defined and not enable_thinking %}{{ '</think>\\n\\n' }}{% endif %}\
                """);
    }

    @Test
    void theTemplateOpensTheThought() throws IOException {
        JsonNode answer = good(CHAT, chat("opened", "\"reasoning_effort\":\"high\""));
        JsonNode message = answer.at("/choices/0/message");
        assertEquals("Hm 6*7", message.get("reasoning_content").asString());
        assertEquals("Hm 6*7", message.get("reasoning").asString());
        assertEquals("\nFinal ANSWER: 42", message.get("content").asString());
        assertEquals(2, answer.at("/usage/completion_tokens_details/reasoning_tokens").asInt());
        assertEquals("Hm 6*7", streamed("reasoning_content", chat("opened", "")));
        assertEquals("\nFinal ANSWER: 42", streamed("content", chat("opened", "")));
    }

    @Test
    void theTemplateLeavesTheThoughtOut() throws IOException {
        for (String told :
                List.of(
                        "\"reasoning_effort\":\"none\"",
                        "\"chat_template_kwargs\":{\"enable_thinking\":false}")) {
            JsonNode message = choice(CHAT, chat("hello", told)).get("message");
            assertEquals("Hello! I am scripted.", message.get("content").asString());
            assertFalse(message.has("reasoning_content"));
        }
    }
}
