package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.List;

/** Thoughts are a phase of their own: apart from answers, tool calls and stop strings. */
class ThoughtPhaseTest extends ScriptedTest {
    private static final String TOOLS =
            "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"real\"}}]";

    @Test
    void s03NoCallIsReadFromAThought() throws IOException {
        JsonNode choice = choice(CHAT, chat("think2", TOOLS));
        assertEquals("tool_calls", choice.get("finish_reason").asString());
        JsonNode calls = choice.at("/message/tool_calls");
        assertEquals(1, calls.size(), choice.toString());
        assertEquals("real", calls.at("/0/function/name").asString());
        assertTrue(choice.at("/message/reasoning_content").asString().contains("fake"));
        assertEquals("\nReal: ", choice.at("/message/content").asString());
        assertEquals("\nReal: ", streamed("content", chat("think2", TOOLS)));
    }

    @Test
    void s04StopStringsApplyToTheAnswer() throws IOException {
        for (String script : List.of("think1", "think2")) {
            String stops = "\"stop\":[\"ANSWER\",\"Real\",\"<\",\"e\"]";
            JsonNode choice = choice(CHAT, chat(script, stops.replace(",\"<\",\"e\"", "")));
            assertEquals("stop", choice.get("finish_reason").asString());
            String answer = script.equals("think1") ? "\nFinal " : "\n";
            assertEquals(answer, choice.at("/message/content").asString(), script);
        }
        JsonNode inside =
                choice(CHAT, chat("think1", "\"stop\":\"ANSWER\",\"stop_in_thought\":true"));
        assertEquals("Let me check: ", inside.at("/message/reasoning_content").asString());
        assertEquals("", inside.at("/message/content").asString());
    }

    /** Recipe M1: each of 1,020 suffixes took an encoding, 4.4 s together. */
    @Test
    void aLongEndOfThoughtsTakesLittleTime() throws IOException {
        String body =
                """
                {"prompt":"x","max_tokens":3,"thinking_budget":0,"thought_begin":"","thought_end":"%s"}\
                """
                        .formatted("\u00e9".repeat(1020));
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long least = Long.MAX_VALUE; // processor time of the process, other work included
        for (int i = 0; i < 3; i++) {
            long before = system.getProcessCpuTime();
            good(TEXT, body);
            least = Math.min(least, system.getProcessCpuTime() - before);
        }
        assertTrue(least < 1_000_000_000, least / 1_000_000 + " ms");
    }

    /** A stop string must not span the thought, whose markers the answer does not show. */
    @Test
    void stopStringsDoNotSpanAThought() throws IOException {
        JsonNode choice = choice(TEXT, text("think1", "\"stop\":[\"no\\nF\",\"</think>\\nF\"]"));
        assertTrue(choice.get("text").asString().endsWith("ANSWER: 42"), choice.toString());
    }

    @Test
    void s07ThoughtsOfEarlierTurnsAreAcceptedAndNotRendered() throws IOException {
        String turns =
                """
                {"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"a"%s},
                {"role":"user","content":"x"}],"max_tokens":2}\
                """;
        int tokens = good(CHAT, turns.formatted("")).at("/usage/prompt_tokens").asInt();
        for (String field : List.of("reasoning_content", "reasoning")) {
            JsonNode body = good(CHAT, turns.formatted(",\"" + field + "\":\"b\""));
            assertEquals(tokens, body.at("/usage/prompt_tokens").asInt());
        }
    }

    @Test
    void s08ThoughtsAreReasoningContent() throws IOException {
        String thought = "Let me check: ANSWER no";
        JsonNode message = choice(CHAT, chat("think1", "")).get("message");
        assertEquals("\nFinal ANSWER: 42", message.get("content").asString());
        assertEquals(thought, message.get("reasoning_content").asString());
        assertEquals(thought, message.get("reasoning").asString());
        assertEquals("\nFinal ANSWER: 42", streamed("content", chat("think1", "")));
        assertEquals(thought, streamed("reasoning_content", chat("think1", "")));
        assertFalse(choice(CHAT, chat("emoji", "")).get("message").has("reasoning_content"));
        assertTrue(choice(TEXT, text("think1", "")).get("text").asString().contains("</think>"));
    }

    /** A thought that the prompt begins, and one that the length ends. */
    @Test
    void thoughtsWithoutABeginOrAnEnd() throws IOException {
        String begun = "\"thought_begin\":\"\",\"thought_end\":\"</think>\"";
        JsonNode message = choice(CHAT, chat("think1", begun)).get("message");
        assertEquals("<think>Let me check: ANSWER no", message.get("reasoning").asString());
        assertEquals("\nFinal ANSWER: 42", message.get("content").asString());
        message = choice(CHAT, chat("think1", "\"max_tokens\":3")).get("message");
        assertEquals("Let me check: ANSWER no", message.get("reasoning").asString());
        assertEquals("", message.get("content").asString());
    }

    /** As s1 writes its thoughts: a control token of the vocabulary, then a word. */
    @Test
    void aControlTokenWithinAMarkerHasText() throws IOException {
        String markers = "\"thought_begin\":\"<|im_start|>af\",\"thought_end\":\"er\"";
        assertEquals(
                "<|im_start|>after11", choice(TEXT, text("spec", markers)).get("text").asString());
        JsonNode message = choice(CHAT, chat("spec", markers)).get("message");
        assertEquals("before11", message.get("content").asString());
        assertEquals("t", message.get("reasoning_content").asString());
        assertEquals("before11", streamed("content", chat("spec", markers)));
        JsonNode scored = choice(CHAT, chat("spec", markers + ",\"logprobs\":true"));
        StringBuilder spelled = new StringBuilder();
        for (JsonNode token : scored.at("/logprobs/content")) {
            token.get("bytes").forEach(each -> spelled.append((char) each.asInt()));
        }
        assertEquals("before<|im_start|>after11", spelled.toString());
    }
}
