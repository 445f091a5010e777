package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.file.Settings;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.json.JsonMapper;

import java.nio.charset.StandardCharsets;

/** Items of a response's input as the messages of a chat. */
class ResponsesInputTest {
    private static void assertMessages(String input, String messages) {
        String body = "{\"input\":" + input + "}";
        Settings settings = Settings.parse("test", body.getBytes(StandardCharsets.UTF_8));
        assertEquals(new JsonMapper().readTree(messages), ResponsesInput.messages(settings), input);
    }

    /** A thought belongs to the message or to the call after it, and to no other. */
    @Test
    void thoughtsOfEarlierTurns() {
        String thought =
                """
                {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"Hm."}]}\
                """;
        assertMessages(
                "[{\"role\":\"user\",\"content\":\"x\"},"
                        + thought
                        + ",{\"role\":\"assistant\",\"content\":\"y\"}"
                        + ",{\"role\":\"assistant\",\"content\":\"z\"}]",
                """
                [{"role":"user","content":"x"},
                {"role":"assistant","content":"y","reasoning_content":"Hm."},
                {"role":"assistant","content":"z"}]
                """);
        assertMessages(
                "["
                        + thought
                        + ",{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\"}"
                        + ",{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"1\"}]",
                """
                [{"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[
                {"id":"c","type":"function","function":{"name":"f","arguments":""}}]},
                {"role":"tool","content":"1","tool_call_id":"c"}]
                """);
        assertMessages(
                "["
                        + thought
                        + ",{\"role\":\"user\",\"content\":\"x\"}"
                        + ",{\"role\":\"assistant\",\"content\":\"y\"}]",
                """
                [{"role":"user","content":"x"},{"role":"assistant","content":"y"}]
                """);
    }
}
