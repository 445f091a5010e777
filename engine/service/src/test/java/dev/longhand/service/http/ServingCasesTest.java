package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.http.HttpRequest;
import java.util.List;

/** Public bug reports about other servers, tried on ours; the names carry the ids of the cases. */
class ServingCasesTest extends ScriptedTest {
    private static final String HELLO =
            "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"%s}],%s}";

    @Test
    void s09s10MessagesMayHaveFieldsThatNoTemplateRenders() throws IOException {
        for (String field :
                List.of(
                        "\"type\":\"text\"",
                        "\"id\":1,\"opts\":{\"visible\":false}",
                        "\"annotations\":[],\"refusal\":null,\"cache_control\":{}")) {
            good(CHAT, HELLO.formatted("," + field, "\"max_tokens\":2"));
        }
        for (String field : List.of("function_call", "audio", "prefix", "partial")) {
            String body = HELLO.formatted(",\"" + field + "\":{\"a\":1}", "\"max_tokens\":2");
            assertRefused(CHAT, body, "messages[0]." + field);
        }
    }

    /** Neighbouring seeds of 64 bits differ, so that they were read exactly. */
    @Test
    void s13SeedsHave64Bits() throws IOException {
        for (long seed : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1}) {
            assertNotEquals(sampled(Long.toString(seed)), sampled(Long.toString(seed ^ 1)));
            assertEquals(sampled(Long.toString(seed)), sampled(Long.toString(seed)));
        }
        assertEquals(sampled("7"), sampled("7.0"));
        for (String seed : List.of("9223372036854775808", "0.5", "1e400", "\"1\"")) {
            assertRefused(TEXT, text("coin", "\"seed\":" + seed), "seed");
        }
    }

    private String sampled(String seed) throws IOException {
        return choice(TEXT, text("coin", "\"temperature\":1,\"seed\":" + seed)).toString();
    }

    @Test
    void s15AnOverflowHasOpenAisCodeAndWords() throws IOException {
        String prompt = "[" + "1,".repeat(39_999) + "1]";
        JsonNode error = served.post(TEXT, "{\"prompt\":" + prompt + "}").body().get("error");
        assertEquals("context_length_exceeded", error.get("code").asString());
        assertEquals("prompt", error.get("param").asString());
        String message = error.get("message").asString();
        assertTrue(message.contains("maximum context length is 32768 tokens"), message);
        assertTrue(message.contains("40000"), message);
        String chat =
                HELLO.formatted("", "\"max_tokens\":1")
                        .replace(":\"x\"", ":\"" + "x".repeat(40_000) + "\"");
        error = served.post(CHAT, chat).body().get("error");
        assertEquals("context_length_exceeded", error.get("code").asString());
        assertEquals("messages", error.get("param").asString());
    }

    /** The answer goes on behind the last message, which is neither closed nor repeated. */
    @Test
    void s22AnAnswerMayBeContinued() throws IOException {
        String messages =
                "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"},"
                        + "{\"role\":\"assistant\",\"content\":\"Sure\"}],%s}";
        String closed = "\"add_generation_prompt\":false";
        String open = closed + ",\"continue_final_message\":true";
        JsonNode continued = good("/tokenize", messages.formatted(open)).get("tokens");
        JsonNode whole = good("/tokenize", messages.formatted(closed)).get("tokens");
        int tokens = continued.size();
        assertTrue(tokens < whole.size());
        for (int i = 0; i < tokens; i++) {
            assertEquals(whole.get(i), continued.get(i));
        }
        JsonNode answer = good(CHAT, messages.formatted(open + ",\"max_tokens\":2"));
        assertEquals(tokens, answer.at("/usage/prompt_tokens").asInt());
        String both = "\"continue_final_message\":true,\"add_generation_prompt\":true";
        assertRefused(CHAT, messages.formatted(both), "continue_final_message");
    }

    @Test
    void s20OneCallAtMostIfAskedFor() throws IOException {
        String tools = "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"b\"}}]";
        assertEquals(2, calls(tools));
        assertEquals(2, calls(tools + ",\"parallel_tool_calls\":true"));
        assertEquals(1, calls(tools + ",\"parallel_tool_calls\":false"));
    }

    private int calls(String more) throws IOException {
        return choice(CHAT, chat("tool2", more)).at("/message/tool_calls").size();
    }

    @Test
    void s27MinusOneIsNoLimit() throws IOException {
        assertEquals(
                "Hello! I am scripted.",
                choice(CHAT, HELLO.formatted("", "\"max_tokens\":-1"))
                        .at("/message/content")
                        .asString());
        JsonNode chat = good(CHAT, HELLO.formatted("", "\"max_tokens\":2.0"));
        assertEquals(2, chat.at("/usage/completion_tokens").asInt());
        String both = "\"max_tokens\":2,\"max_completion_tokens\":%d";
        good(CHAT, HELLO.formatted("", both.formatted(2)));
        assertRefused(CHAT, HELLO.formatted("", both.formatted(3)), "max_tokens");
    }

    @Test
    void s29WhatCannotChangeTheAnswerIsIgnored() throws IOException {
        for (String field :
                List.of(
                        "\"reasoning_effort\":\"low\"",
                        "\"store\":true",
                        "\"service_tier\":\"flex\"",
                        "\"metadata\":{\"a\":\"b\"}",
                        "\"prompt_cache_retention\":\"24h\"",
                        "\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}")) {
            good(CHAT, HELLO.formatted("", "\"max_tokens\":1," + field));
        }
    }

    @Test
    void s30TheSchemeOfATokenHasNoCase() throws IOException {
        try (ServedDemo guarded =
                ServedDemo.scripted(script, clients().withToken("secret"), kvTokensMax())) {
            guarded.useToken(null);
            for (String scheme : List.of("Bearer", "bearer", "BEARER")) {
                HttpRequest request =
                        guarded.request("/v1/models")
                                .header("authorization", scheme + " secret")
                                .build();
                assertEquals(200, guarded.send(request).statusCode());
            }
        }
    }

    @Test
    void s33TheNumberOfAnAdapterIsIgnored() throws IOException {
        String load = "{\"lora_name\":\"a\",\"lora_path\":\"nothing\",\"lora_int_id\":1}";
        String message =
                served.post("/v1/load_lora_adapter", load).body().at("/error/message").asString();
        assertTrue(message.contains("there is no adapter folder"), message);
        String unload = "{\"lora_name\":\"a\",\"lora_int_id\":1}";
        assertEquals(404, served.post("/v1/unload_lora_adapter", unload).status());
    }

    @Test
    void doubledAndTrailingSlashesAreOne() throws IOException {
        for (String path :
                List.of(
                        "//v1/chat/completions",
                        "/v1//chat/completions/",
                        "/v1/chat/completions//")) {
            assertEquals(200, served.post(path, HELLO.formatted("", "\"max_tokens\":1")).status());
        }
        assertEquals(404, served.get("/v1/chat").statusCode());
        assertEquals(200, served.get("//health/").statusCode());
    }

    @Test
    void replayedCallsMayHaveEmptyArguments() throws IOException {
        String turns =
                """
                {"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,
                "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":%s}}]},
                {"role":"tool","tool_call_id":"c","content":"1"}],"max_tokens":1}\
                """;
        int tokens = good(CHAT, turns.formatted("\"{}\"")).at("/usage/prompt_tokens").asInt();
        for (String arguments : List.of("\"\"", "null", "\" \"")) {
            JsonNode body = good(CHAT, turns.formatted(arguments));
            assertEquals(tokens, body.at("/usage/prompt_tokens").asInt(), arguments);
        }
    }

    /** Each field with a value that its own rule refuses. */
    @Test
    void everyErrorNamesItsField() throws IOException {
        for (String field :
                List.of(
                        "\"max_tokens\":0",
                        "\"temperature\":101",
                        "\"top_k\":-1",
                        "\"top_p\":2",
                        "\"min_p\":-1",
                        "\"repetition_penalty\":0",
                        "\"frequency_penalty\":1000",
                        "\"presence_penalty\":-1000",
                        "\"stop\":\"\"",
                        "\"stop\":[\"%s\"]".formatted("x".repeat(2000)),
                        "\"thinking_budget\":-1",
                        "\"n\":1.5",
                        "\"timeout_ms\":0",
                        "\"model\":\"nobody\"")) {
            String name = field.substring(1, field.indexOf('"', 1));
            String body = HELLO.formatted("", field);
            var answer = served.post(CHAT, body);
            assertTrue(answer.status() >= 400, body);
            assertEquals(name, answer.body().at("/error/param").asString(), body);
        }
        assertRefused(TEXT, "{\"prompt\":[99999]}", "prompt");
        assertRefused(TEXT, text("coin", "\"logit_bias\":{\"99999\":1}"), "logit_bias.99999");
        assertRefused(TEXT, text("coin", "\"logit_bias\":{\"1\":101}"), "logit_bias");
        assertRefused(CHAT, "{\"messages\":[{\"role\":\"user\"}]}", "messages");
    }

    /** A stop string of one would become a question mark, which many texts have. */
    @Test
    void surrogatesWithoutTheirPairAreRefused() throws IOException {
        for (String lone : List.of("\\ud83d", "a\\ude00", "\\ude00\\ud83d")) {
            assertRefused(TEXT, "{\"prompt\":\"%s\"}".formatted(lone), "prompt");
            assertRefused(TEXT, "{\"prompt\":[\"%s\"]}".formatted(lone), "prompt");
            assertRefused(TEXT, text("ques", "\"stop\":[\"%s\"]".formatted(lone)), "stop");
            String chat = HELLO.formatted("", "\"max_tokens\":1");
            assertRefused(CHAT, chat.replace("\"x\"", "\"" + lone + "\""), "messages[0].content");
            assertRefused("/tokenize", "{\"prompt\":\"%s\"}".formatted(lone), "prompt");
        }
        String pair = "\"stop\":[\"\\ud83d\\ude00\"]";
        assertEquals("", choice(TEXT, text("emoji", pair)).get("text").asString());
    }

    /** Recipe M1: long tokens make a text of tens of megabytes of a small request. */
    @Test
    void textsThatTheHeapDoesNotHoldAreRefused() throws IOException {
        String call =
                "</tool_call>\n<tool_call>\n{\"name\": \"b\", \"arguments\": {}}\n</tool_call>";
        String tokens = script.token(call) + ",";
        int count = 2_500_000 / tokens.length();
        String body = "{\"tokens\":[%s0]}";
        assertRefused("/detokenize", body.formatted(tokens.repeat(count)), "tokens");
        String text =
                good("/detokenize", body.formatted(tokens.repeat(3))).get("prompt").asString();
        assertTrue(text.startsWith(call.repeat(3)), text);
    }
}
