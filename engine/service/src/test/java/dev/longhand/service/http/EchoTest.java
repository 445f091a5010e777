package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Prompts in completions with their log-probabilities, as lm-eval asks for them. The scripted model
 * draws " heads" with probability 3/4 and " tails" with 1/4 after each of both.
 */
class EchoTest extends ScriptedTest {
    private static final double HEADS = Math.log(0.75);
    private static final double TAILS = Math.log(0.25);

    private String coins() {
        return "[%d,%d,%d,%d]"
                .formatted(
                        script.start("coin"),
                        script.token(" heads"),
                        script.token(" tails"),
                        script.token(" heads"));
    }

    private static String body(String prompt, String more) {
        return "{\"prompt\":%s,\"temperature\":0%s}".formatted(prompt, more);
    }

    private static void assertLogprobs(JsonNode logprobs, double... expected) {
        JsonNode own = logprobs.get("token_logprobs");
        assertEquals(expected.length + 1, own.size());
        assertTrue(own.get(0).isNull() && logprobs.get("top_logprobs").get(0).isNull());
        for (int i = 0; i < expected.length; i++) {
            assertEquals(expected[i], own.get(i + 1).asDouble(), 1e-5, "position " + (i + 1));
            JsonNode top = logprobs.get("top_logprobs").get(i + 1);
            assertEquals(HEADS, top.get(" heads").asDouble(), 1e-5);
            assertEquals(expected[i] == TAILS ? 2 : 1, top.size(), "the token itself is with them");
        }
    }

    private static List<String> strings(JsonNode list) {
        List<String> strings = new ArrayList<>();
        list.forEach(each -> strings.add(each.asString()));
        return strings;
    }

    @Test
    void anEmptyOutputHasThePromptOnly() throws IOException {
        JsonNode answer =
                good(TEXT, body(coins(), ",\"echo\":true,\"logprobs\":1,\"max_tokens\":0"));
        JsonNode choice = answer.at("/choices/0");
        assertEquals("P: heads tails heads", choice.get("text").asString());
        assertEquals("length", choice.get("finish_reason").asString());
        JsonNode logprobs = choice.get("logprobs");
        assertLogprobs(logprobs, HEADS, TAILS, HEADS);
        assertEquals(List.of("P:", " heads", " tails", " heads"), strings(logprobs.get("tokens")));
        assertEquals("[0,2,8,14]", logprobs.get("text_offset").toString());
        assertEquals(4, answer.at("/usage/prompt_tokens").asInt());
        assertEquals(0, answer.at("/usage/completion_tokens").asInt());
    }

    @Test
    void theOutputFollowsThePrompt() throws IOException {
        String more = ",\"echo\":true,\"logprobs\":1,\"max_tokens\":2";
        JsonNode choice = choice(TEXT, body(coins(), more));
        assertEquals("P: heads tails heads heads heads", choice.get("text").asString());
        assertLogprobs(choice.get("logprobs"), HEADS, TAILS, HEADS, HEADS, HEADS);
        assertEquals("[0,2,8,14,20,26]", choice.at("/logprobs/text_offset").toString());
        StringBuilder text = new StringBuilder();
        List<String> tokens = new ArrayList<>();
        List<Integer> offsets = new ArrayList<>();
        for (JsonNode event : served.stream(TEXT, body(coins(), more + ",\"stream\":true"))) {
            text.append(event.at("/choices/0/text").asString());
            tokens.addAll(strings(event.at("/choices/0/logprobs/tokens")));
            event.at("/choices/0/logprobs/text_offset").forEach(at -> offsets.add(at.asInt()));
        }
        assertEquals(choice.get("text").asString(), text.toString());
        assertEquals(strings(choice.at("/logprobs/tokens")), tokens);
        assertEquals(List.of(0, 2, 8, 14, 20, 26), offsets);
    }

    @Test
    void echoWithoutLogprobsHasTheTextOnly() throws IOException {
        for (int tokens : List.of(0, 1)) {
            JsonNode choice =
                    choice(TEXT, body(coins(), ",\"echo\":true,\"max_tokens\":" + tokens));
            String expected = "P: heads tails heads" + " heads".repeat(tokens);
            assertEquals(expected, choice.get("text").asString());
            assertTrue(choice.get("logprobs").isNull());
        }
    }

    @Test
    void severalPromptsAndSamplesHaveTheirOwn() throws IOException {
        String prompts = "[%s,[%d],\"x\"]".formatted(coins(), script.start("hello"));
        JsonNode choices =
                good(TEXT, body(prompts, ",\"echo\":true,\"logprobs\":1,\"max_tokens\":1,\"n\":2"))
                        .get("choices");
        List<String> texts = new ArrayList<>();
        choices.forEach(choice -> texts.add(choice.get("text").asString()));
        String coin = "P: heads tails heads heads";
        assertEquals(List.of(coin, coin, "Hello! I", "Hello! I", "xHello", "xHello"), texts);
        assertLogprobs(choices.get(1).get("logprobs"), HEADS, TAILS, HEADS, HEADS);
        assertEquals(2, choices.get(3).at("/logprobs/tokens").size());
    }

    /** A prompt may end within a character, and have control tokens. */
    @Test
    void offsetsAreThoseOfTheText() throws IOException {
        String prompt =
                "[%d,240,159,%d,%d]"
                        .formatted(
                                script.start("emoji"),
                                script.start("<|im_start|>"),
                                script.start("hello"));
        JsonNode choice =
                choice(TEXT, body(prompt, ",\"echo\":true,\"logprobs\":0,\"max_tokens\":1"));
        String text = choice.get("text").asString();
        assertTrue(text.startsWith("Hi ") && text.endsWith("<|im_start|>Hello! I"), text);
        JsonNode offsets = choice.at("/logprobs/text_offset");
        int at = text.codePointCount(0, text.indexOf("Hello"));
        assertEquals(at, offsets.get(4).asInt(), text + offsets);
        assertEquals(at + 5, offsets.get(5).asInt(), text + offsets);
        assertEquals(at - 12, offsets.get(3).asInt(), text + offsets);
    }

    @Test
    void promptLogprobsAreThoseOfVllm() throws IOException {
        JsonNode choice = choice(TEXT, body(coins(), ",\"prompt_logprobs\":1,\"max_tokens\":0"));
        assertEquals("", choice.get("text").asString());
        JsonNode logprobs = choice.get("prompt_logprobs");
        assertEquals(4, logprobs.size());
        assertTrue(logprobs.get(0).isNull());
        JsonNode heads = logprobs.get(2).get(Integer.toString(script.token(" heads")));
        assertEquals(HEADS, heads.get("logprob").asDouble(), 1e-5);
        assertEquals(1, heads.get("rank").asInt());
        assertEquals(" heads", heads.get("decoded_token").asString());
        JsonNode tails = logprobs.get(2).get(Integer.toString(script.token(" tails")));
        assertEquals(TAILS, tails.get("logprob").asDouble(), 1e-5);
        assertEquals(1, logprobs.get(1).size());
    }

    @Test
    void anEmptyOutputNeedsAViewOfThePrompt() throws IOException {
        assertRefused(TEXT, body("\"x\"", ",\"max_tokens\":0"), "max_tokens");
        assertRefused(TEXT, body("\"x\"", ",\"echo\":1"), "echo");
        assertRefused(TEXT, body("\"x\"", ",\"echo\":true,\"logprobs\":21"), "logprobs");
        assertRefused(
                TEXT, body("\"x\"", ",\"stream\":true,\"prompt_logprobs\":1"), "prompt_logprobs");
        assertRefused(CHAT, chat("hello", "\"echo\":true"), "echo");
        good(CHAT, chat("hello", "\"echo\":false"));
    }

    /** The request of lm-eval's {@code local-completions} for a log-likelihood. */
    @Test
    void s23LmEvalScoresAContinuation() throws IOException {
        String request =
                """
                {"model":"script","prompt":[%s],"max_tokens":1,"logprobs":1,"seed":1234,"echo":true,
                "temperature":0}\
                """;
        JsonNode logprobs = choice(TEXT, request.formatted(coins())).get("logprobs");
        double sum = 0;
        for (int i = 2; i < 4; i++) { // context of two tokens, continuation of two
            sum += logprobs.get("token_logprobs").get(i).asDouble();
        }
        assertEquals(Math.log(0.25 * 0.75), sum, 1e-5);
    }
}
