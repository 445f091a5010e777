package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The tokens of log-probabilities and the text that they make. */
class TokenAlignmentTest extends ScriptedTest {
    /**
     * Scripts by the code points at which their tokens begin; the last of each is the end token.
     */
    private static final Map<String, List<Integer>> OFFSETS =
            Map.of(
                    "emoji", List.of(0, 0, 0, 0, 1, 7),
                    "zwj", List.of(0, 0, 1, 2, 3, 9),
                    "cjk", List.of(0, 0, 1, 2, 8),
                    "spec", List.of(0, 0, 7),
                    "stopC", List.of(0, 2));

    @Test
    void offsetsCountCodePointsOfTheText() throws IOException {
        for (var each : OFFSETS.entrySet()) {
            JsonNode choice = choice(TEXT, text(each.getKey(), "\"logprobs\":1"));
            List<Integer> offsets = new ArrayList<>();
            choice.at("/logprobs/text_offset").forEach(offset -> offsets.add(offset.asInt()));
            assertEquals(each.getValue(), offsets, choice.toString());
            String text = choice.get("text").asString();
            assertEquals(text.codePointCount(0, text.length()), offsets.getLast());
        }
    }

    /** No offset is beyond the text, though the tokens of a stop string are. */
    @Test
    void aStopStringEndsOffsetsAndBytes() throws IOException {
        JsonNode choice = choice(TEXT, text("stopA", "\"stop\":\"STOPPED\",\"logprobs\":0"));
        assertEquals(" is ", choice.get("text").asString());
        assertEquals("[0,4,4]", choice.at("/logprobs/text_offset").toString());
        JsonNode chat = choice(CHAT, chat("stopA", "\"stop\":\"STOPPED\",\"logprobs\":true"));
        assertEquals("The answer is ", content(chat));
        assertEquals("The answer is ", bytes(chat.at("/logprobs/content")));
        assertEquals(4, chat.at("/logprobs/content").size());
    }

    @Test
    void theBytesOfTokensAddUpToTheContent() throws IOException {
        for (String script : List.of("emoji", "zwj", "cjk", "spec", "hello", "crlf")) {
            String body = chat(script, "\"logprobs\":true");
            JsonNode choice = choice(CHAT, body);
            assertEquals(content(choice), bytes(choice.at("/logprobs/content")), script);
            ByteArrayOutputStream streamed = new ByteArrayOutputStream();
            int tokens = 0;
            for (JsonNode event :
                    served.stream(CHAT, body.replaceFirst("}$", ",\"stream\":true}"))) {
                for (JsonNode token : event.at("/choices/0/logprobs/content")) {
                    streamed.writeBytes(raw(token));
                    tokens++;
                }
            }
            assertEquals(content(choice), streamed.toString(StandardCharsets.UTF_8), script);
            assertEquals(choice.at("/logprobs/content").size(), tokens);
        }
    }

    /** The tokens of a thought and its markers come before those of the answer. */
    @Test
    void thoughtsHaveTheirBytesToo() throws IOException {
        JsonNode choice = choice(CHAT, chat("think1", "\"logprobs\":true"));
        String thought = choice.at("/message/reasoning_content").asString();
        assertEquals(
                "<think>" + thought + "</think>" + content(choice),
                bytes(choice.at("/logprobs/content")));
    }

    private static String content(JsonNode choice) {
        return choice.at("/message/content").asString();
    }

    private static String bytes(JsonNode tokens) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        tokens.forEach(token -> all.writeBytes(raw(token)));
        return all.toString(StandardCharsets.UTF_8);
    }

    private static byte[] raw(JsonNode token) {
        byte[] bytes = new byte[token.get("bytes").size()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) token.get("bytes").get(i).asInt();
        }
        return bytes;
    }

    /** S18: of 700 tokens alike, the drawn one is seldom among the 20 likeliest. */
    @Test
    void s18TheDrawnTokenHasItsOwnLogProbability() throws IOException {
        String sampling =
                "\"temperature\":1,\"top_k\":0,\"seed\":%d,\"logprobs\":1,\"max_tokens\":1";
        for (int seed = 0; seed < 20; seed++) {
            String body =
                    "{\"prompt\":[%d],%s}".formatted(script.start("uni"), sampling.formatted(seed));
            double logprob = choice(TEXT, body).at("/logprobs/token_logprobs/0").asDouble();
            assertEquals(-Math.log(script.tokens()), logprob, 1e-4);
        }
        assertTrue(script.tokens() > 20);
    }
}
