package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.List;

/** The fields of vLLM about the end of an output, on scripts with known tokens. */
class OutputEndTest extends ScriptedTest {
    private void assertText(String expected, String start, String more) throws IOException {
        JsonNode choice = choice(TEXT, text(start, more));
        assertEquals(expected, choice.get("text").asString(), more);
        assertEquals("stop", choice.get("finish_reason").asString(), more);
    }

    private String token(String text) {
        return "\"stop_token_ids\":[%d]".formatted(script.token(text));
    }

    @Test
    void noEndIsSampledBeforeTheLeastNumberOfTokens() throws IOException {
        String more = "\"logit_bias\":{\"%d\":20},\"logprobs\":1,".formatted(script.start("xx"));
        assertText("! I am scripted.", "hello", more + "\"min_tokens\":3");
        assertText("! I am scripted. xx xx", "hello", more + "\"min_tokens\":5");
        JsonNode answer = good(TEXT, text("hello", more + "\"min_tokens\":5,\"seed\":1"));
        assertEquals(6, answer.at("/usage/completion_tokens").asInt(), "the end itself counts");
        JsonNode logprobs = answer.at("/choices/0/logprobs/token_logprobs");
        assertTrue(logprobs.get(3).asDouble() < -100, "not changed by the ban: " + logprobs);
        assertTrue(logprobs.get(5).asDouble() > -1e-6, "" + logprobs);
        String sampled = "\"temperature\":1,\"min_tokens\":7,\"seed\":1,";
        assertEquals(
                8,
                good(TEXT, text("hello", sampled + more.replace("\"logprobs\":1,", "\"n\":1")))
                        .at("/usage/completion_tokens")
                        .asInt());
    }

    @Test
    void stopStringsAndTokensWaitForTheLeastNumberToo() throws IOException {
        assertText(" ", "loop", "\"stop\":\"la\"");
        assertText(" la la la ", "loop", "\"stop\":\"la\",\"min_tokens\":3");
        assertText("", "loop", token(" la"));
        String more = token(" am").replace(":[", ":[" + script.start("xx") + ",");
        assertText("! I", "hello", more);
    }

    @Test
    void aStopTokenEndsTheOutputAndIsNotPartOfTheText() throws IOException {
        assertText("! I", "hello", token(" am") + ",\"return_token_ids\":true");
        JsonNode choice = choice(TEXT, text("hello", token(" am") + ",\"return_token_ids\":true"));
        assertEquals(script.token(" am"), choice.at("/token_ids/1").asInt());
        assertEquals(2, choice.get("token_ids").size());
        assertText("! I am", "hello", token(" am") + ",\"include_stop_str_in_output\":true");
        assertText(
                "! I am",
                "hello",
                token(" am") + ",\"ignore_eos\":true,\"include_stop_str_in_output\":true");
        String banned =
                "\"logit_bias\":{\"%d\":50,\"%d\":20}"
                        .formatted(script.token(" am"), script.start("xx"));
        assertText("! I xx", "hello", "\"min_tokens\":2," + banned + "," + token(" am"));
    }

    @Test
    void theStopStringIsPartOfTheTextIfAskedFor() throws IOException {
        assertText(" is ", "stopA", "\"stop\":\"STOP\"");
        assertText(" is STOP", "stopA", "\"stop\":\"STOP\",\"include_stop_str_in_output\":true");
        JsonNode events =
                choice(
                        TEXT,
                        text(
                                "stopA",
                                "\"logprobs\":0,\"stop\":\"STOP\",\"include_stop_str_in_output\":true"));
        assertEquals(List.of(" is ST", "OP").size(), events.at("/logprobs/tokens").size());
    }

    @Test
    void controlTokensHaveTextIfAskedFor() throws IOException {
        assertText("after11", "spec", "\"stop\":\"<|im_start|>\"");
        String shown = "\"skip_special_tokens\":false";
        assertText("<|im_start|>after11", "spec", shown);
        assertText("", "spec", shown + ",\"stop\":\"<|im_start|>\"");
        assertText(
                "<|im_start|>after11<|im_end|>",
                "spec",
                shown + ",\"include_stop_str_in_output\":true");
        JsonNode chat = choice(CHAT, chat("spec", shown + ",\"logprobs\":true"));
        assertEquals("before<|im_start|>after11", chat.at("/message/content").asString());
        assertEquals(12, chat.at("/logprobs/content/1/bytes").size());
        assertEquals(0, chat.at("/logprobs/content/3/bytes").size());
    }

    @Test
    void badValuesAreRefused() throws IOException {
        assertRefused(TEXT, text("hello", "\"min_tokens\":61"), "min_tokens");
        assertRefused(TEXT, text("hello", "\"min_tokens\":-1"), "min_tokens");
        assertRefused(TEXT, text("hello", "\"stop_token_ids\":[-1]"), "stop_token_ids");
        assertRefused(TEXT, text("hello", "\"stop_token_ids\":[99999]"), "stop_token_ids");
        assertRefused(TEXT, text("hello", "\"stop_token_ids\":3"), "stop_token_ids");
        assertRefused(TEXT, text("hello", "\"skip_special_tokens\":1"), "skip_special_tokens");
    }
}
