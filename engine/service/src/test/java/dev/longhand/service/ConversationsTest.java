package dev.longhand.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.file.Settings;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What requests tell the chat template. */
class ConversationsTest {
    private static Map<String, String> told(String more) {
        String body = "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]%s}".formatted(more);
        Settings settings = Settings.parse("test", body.getBytes(StandardCharsets.UTF_8));
        return Conversations.read(settings, Dialect.STRICT).options().variables();
    }

    @Test
    void anEffortIsToldToTheTemplate() {
        assertEquals(Map.of(), told(""));
        assertEquals(
                Map.of("reasoning_effort", "\"low\"", "enable_thinking", "true"),
                told(",\"reasoning_effort\":\"low\""));
        assertEquals(
                Map.of("reasoning_effort", "\"none\"", "enable_thinking", "false"),
                told(",\"reasoning_effort\":\"none\""));
        assertEquals(
                Map.of("reasoning_effort", "\"none\"", "enable_thinking", "true"),
                told(
                        ",\"reasoning_effort\":\"none\","
                                + "\"chat_template_kwargs\":{\"enable_thinking\":true}"));
        assertEquals(Map.of("depth", "[1]"), told(",\"chat_template_kwargs\":{\"depth\":[1]}"));
    }
}
