package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;
import dev.longhand.service.http.ServedDemo.Answer;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Requests of OpenAI's clients and their responses. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class OpenAiServerTest {
    private static final String TEXT = "/v1/completions";
    private static final String CHAT = "/v1/chat/completions";
    private static final String QUESTION = "What is 17 plus 24?";

    private static ServedDemo demo;

    @BeforeAll
    static void open() throws IOException {
        TestDevices.require(Device.CPU);
        demo = new ServedDemo(null, 64);
    }

    @AfterAll
    static void close() {
        if (demo != null) {
            demo.close();
        }
    }

    /** Formats a request with {@code more} after model and prompt. */
    private static String text(String more) {
        return "{\"model\":\"math\",\"prompt\":\"%s\",\"temperature\":0,%s}"
                .formatted(QUESTION, more);
    }

    private static String chat(String more) {
        return """
        {"model":"math","messages":[{"role":"user","content":[{"type":"text","text":"%s"}]}],%s}\
        """
                .formatted(QUESTION, more);
    }

    private static Answer good(String path, String body) throws IOException {
        Answer answer = demo.post(path, body);
        assertEquals(200, answer.status(), answer.response().body());
        return answer;
    }

    private static Completion expected(String adapter, int tokens) {
        return Completion.of(
                demo.engine(),
                GenerationRequest.text(QUESTION).withAdapter(adapter).withMaxTokens(tokens));
    }

    @Test
    void modelsAreTheBaseAndItsAdapters() throws IOException {
        JsonNode models = ServedDemo.JSON.readTree(demo.get("/v1/models").body()).get("data");
        assertEquals("demo", models.at("/0/id").asString());
        assertTrue(models.at("/0/parent").isNull());
        assertEquals("math", models.at("/1/id").asString());
        assertEquals("demo", models.at("/1/parent").asString());
        assertEquals(64, models.at("/1/root").asString().length());
        assertEquals(4096, models.at("/1/max_model_len").asInt());
        assertEquals(200, demo.get("/v1/models/math").statusCode());
        assertEquals(404, demo.get("/v1/models/nobody").statusCode());
    }

    @Test
    void completionsAreTheEngines() throws IOException {
        Completion expected = expected("math", 30);
        JsonNode body = good(TEXT, text("\"max_tokens\":30,\"return_token_ids\":true")).body();
        JsonNode choice = body.at("/choices/0");
        assertEquals(expected.text(), choice.get("text").asString());
        assertEquals(
                expected.ids().toString().replace(" ", ""), choice.get("token_ids").toString());
        assertEquals("length", choice.get("finish_reason").asString());
        assertEquals(30, body.at("/usage/completion_tokens").asInt());
        assertEquals(
                choice.get("prompt_token_ids").size(), body.at("/usage/prompt_tokens").asInt());
        assertEquals(
                16,
                good(TEXT, text("\"ignore_eos\":true"))
                        .body()
                        .at("/usage/completion_tokens")
                        .asInt());
    }

    @Test
    void chatStreamsWhatItAnswers() throws IOException {
        JsonNode whole = good(CHAT, chat("\"max_completion_tokens\":60")).body();
        List<JsonNode> events =
                demo.stream(
                        CHAT,
                        chat(
                                """
                                "max_tokens":60,"stream":true,"stream_options":{"include_usage":true}\
                                """));
        assertEquals("assistant", events.getFirst().at("/choices/0/delta/role").asString());
        StringBuilder text = new StringBuilder();
        for (JsonNode event : events) {
            text.append(event.at("/choices/0/delta/content").asString(""));
        }
        assertEquals(whole.at("/choices/0/message/content").asString(), text.toString());
        assertEquals(
                whole.at("/choices/0/finish_reason").asString(),
                events.get(events.size() - 2).at("/choices/0/finish_reason").asString());
        assertTrue(events.getLast().get("choices").isEmpty());
        assertEquals(
                whole.at("/usage/completion_tokens"),
                events.getLast().at("/usage/completion_tokens"));
    }

    @Test
    void samplesAreThoseOfTheirSeeds() throws IOException {
        String sampling = "\"temperature\":1.0,\"max_tokens\":20,\"return_token_ids\":true,";
        List<String> alone = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            JsonNode body = good(CHAT, chat(sampling + "\"seed\":" + (7 + i))).body();
            alone.add(body.at("/choices/0/token_ids").toString());
        }
        JsonNode together = good(CHAT, chat(sampling + "\"seed\":7,\"n\":4")).body();
        List<String> streamed = new ArrayList<>(List.of("", "", "", ""));
        for (JsonNode event :
                demo.stream(CHAT, chat(sampling + "\"seed\":7,\"n\":4,\"stream\":true"))) {
            JsonNode choice = event.at("/choices/0");
            for (JsonNode id : choice.get("token_ids")) {
                int index = choice.get("index").asInt();
                streamed.set(index, streamed.get(index) + "," + id);
            }
        }
        for (int i = 0; i < 4; i++) {
            assertEquals(alone.get(i), together.at("/choices/" + i + "/token_ids").toString());
            assertEquals(alone.get(i), "[" + streamed.get(i).substring(1) + "]");
        }
        assertEquals(80, together.at("/usage/completion_tokens").asInt());
    }

    @Test
    void stopStringsEndTheText() throws IOException {
        String all = expected("math", 30).text();
        String stop = all.substring(7, 10);
        for (String form : List.of("\"%s\"", "[\"@@\",\"%s\"]")) {
            JsonNode choice =
                    good(TEXT, text("\"max_tokens\":30,\"stop\":" + form.formatted(stop)))
                            .body()
                            .at("/choices/0");
            assertEquals(all.substring(0, all.indexOf(stop)), choice.get("text").asString());
            assertEquals("stop", choice.get("finish_reason").asString());
        }
    }

    @Test
    void logprobsInBothShapes() throws IOException {
        Completion expected =
                Completion.of(
                        demo.engine(),
                        GenerationRequest.text(QUESTION)
                                .withAdapter("math")
                                .withMaxTokens(8)
                                .withSampling(SamplingOptions.greedy().withLogprobs(3)));
        JsonNode flat =
                good(TEXT, text("\"max_tokens\":8,\"logprobs\":3"))
                        .body()
                        .at("/choices/0/logprobs");
        JsonNode rich =
                good(
                                CHAT,
                                chat(
                                        """
                                        "max_tokens":8,"logprobs":true,"top_logprobs":3\
                                        """))
                        .body()
                        .at("/choices/0/logprobs/content");
        for (int i = 0; i < 8; i++) {
            float logprob = expected.logprobs().get(i).getFirst().logprob();
            assertEquals(logprob, flat.at("/token_logprobs/" + i).floatValue());
            assertEquals(3, flat.at("/top_logprobs/" + i).size());
            assertEquals(3, rich.at("/" + i + "/top_logprobs").size());
            assertEquals(rich.at("/" + i + "/token"), rich.at("/" + i + "/top_logprobs/0/token"));
            assertTrue(rich.at("/" + i + "/bytes").size() > 0);
        }
        int offset = flat.at("/text_offset/7").asInt() - flat.at("/text_offset/6").asInt();
        assertEquals(flat.at("/tokens/6").asString().length(), offset);
    }

    @Test
    void theTokenizerDescribesItself() throws IOException {
        JsonNode info = ServedDemo.JSON.readTree(demo.get("/tokenizer_info").body());
        assertEquals("Qwen2Tokenizer", info.get("tokenizer_class").asString());
        assertEquals("<|im_end|>", info.get("eos_token").asString());
        assertEquals(
                demo.engine().tokenizerSettings().get("chat_template"),
                info.get("chat_template").asString());
    }

    @Test
    void severalPromptsAndPromptsOfIds() throws IOException {
        JsonNode ids =
                good("/tokenize", "{\"prompt\":\"%s\"}".formatted(QUESTION)).body().get("tokens");
        String ask = "{\"prompt\":%s,\"max_tokens\":6,\"temperature\":0,\"ignore_eos\":true%s}";
        JsonNode one = good(TEXT, ask.formatted(ids, "")).body();
        JsonNode two =
                good(TEXT, ask.formatted("[\"%s\",\"1 + 1 =\"]".formatted(QUESTION), ",\"n\":2"))
                        .body();
        assertEquals(4, two.get("choices").size());
        assertEquals(one.at("/choices/0/text"), two.at("/choices/1/text"));
        assertEquals(24, two.at("/usage/completion_tokens").asInt());
        assertEquals(one.at("/usage/prompt_tokens").asInt(), ids.size());
        String back =
                good("/detokenize", "{\"tokens\":%s}".formatted(ids))
                        .body()
                        .get("prompt")
                        .asString();
        assertEquals(QUESTION, back);
    }

    @Test
    void whatWeDoNotHaveIsRefusedByName() throws IOException {
        for (String parameter :
                List.of(
                        "\"colour\":\"red\"",
                        "\"suffix\":\"a\"",
                        "\"best_of\":3",
                        "\"suffix\":\"x\"",
                        "\"n\":0",
                        "\"n\":9",
                        "\"top_logprobs\":3",
                        "\"stream_options\":{}",
                        "\"seed\":0.5",
                        "\"logprobs\":\"many\"",
                        "\"stop\":[1]",
                        "\"max_tokens\":\"all\"")) {
            Answer answer = demo.post(TEXT, text(parameter));
            assertEquals(400, answer.status(), parameter);
            String name = parameter.substring(1, parameter.indexOf('"', 1));
            assertEquals(name, answer.body().at("/error/param").asString(), parameter);
            assertTrue(answer.body().at("/error/message").asString().contains(name));
        }
        for (String parameter :
                List.of(
                        "\"response_format\":{\"type\":\"yaml\"}",
                        "\"tool_choice\":\"required\"")) {
            Answer answer = demo.post(CHAT, chat(parameter));
            assertEquals(400, answer.status(), parameter);
        }
        good(
                CHAT,
                chat(
                        """
                        "max_tokens":1,"response_format":{"type":"text"},"user":"u","metadata":{"a":"b"},
                        "parallel_tool_calls":true,"store":false,"tool_choice":"auto","stop":null\
                        """));
    }

    @Test
    void toolsReachTheTemplate() throws IOException {
        String tools =
                "\"max_tokens\":1,\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"add\"}}]";
        int with = good(CHAT, chat(tools)).body().at("/usage/prompt_tokens").asInt();
        int without =
                good(CHAT, chat(tools + ",\"tool_choice\":\"none\""))
                        .body()
                        .at("/usage/prompt_tokens")
                        .asInt();
        assertTrue(with > without + 50, with + " and " + without);
        assertEquals(400, demo.post(CHAT, chat("\"tools\":[{\"type\":\"function\"}]")).status());
    }

    @Test
    void adaptersAreLoadedAndUnloadedFromOneFolder() throws IOException {
        String load = "{\"lora_name\":\"two\",\"lora_path\":\"%s\"%s}";
        assertEquals(
                200, demo.post("/v1/load_lora_adapter", load.formatted("adapter", "")).status());
        assertEquals(
                400, demo.post("/v1/load_lora_adapter", load.formatted("adapter", "")).status());
        assertEquals(
                200,
                demo.post(
                                "/v1/load_lora_adapter",
                                load.formatted("adapter", ",\"load_inplace\":true"))
                        .status());
        String asked = text("\"max_tokens\":10").replace("\"math\"", "\"two\"");
        assertEquals(
                expected("math", 10).text(),
                good(TEXT, asked).body().at("/choices/0/text").asString());
        for (String path : List.of("../../../etc", "/etc", "adapter/../..", "none", "\\u0000")) {
            assertEquals(
                    400,
                    demo.post(
                                    "/v1/load_lora_adapter",
                                    load.formatted(path, "").replace("two", "three"))
                            .status(),
                    path);
        }
        String unload = "{\"lora_name\":\"two\"}";
        assertEquals(200, demo.post("/v1/unload_lora_adapter", unload).status());
        assertEquals(404, demo.post("/v1/unload_lora_adapter", unload).status());
        Answer gone = demo.post(TEXT, asked);
        assertEquals(404, gone.status());
        assertEquals("model_not_found", gone.body().at("/error/code").asString());
    }

    @Test
    void metricsHaveTheNamesOfDashboards() throws IOException {
        good(TEXT, text("\"max_tokens\":3"));
        String metrics = demo.get("/metrics").body();
        for (String line :
                List.of(
                        "vllm:num_requests_running{",
                        "vllm:num_requests_waiting{",
                        "vllm:kv_cache_usage_perc{",
                        "vllm:time_to_first_token_seconds_bucket{",
                        "vllm:inter_token_latency_seconds_bucket{",
                        "vllm:time_per_output_token_seconds_sum{",
                        "vllm:e2e_request_latency_seconds_count{",
                        "vllm:request_success_total{engine=\"0\",finished_reason=\"length\"",
                        "vllm:prompt_tokens_total{",
                        "vllm:generation_tokens_total{",
                        "vllm:prefix_cache_hits_total{",
                        "vllm:lora_requests_info{",
                        "http_requests_total{handler=\"/v1/completions\"")) {
            assertTrue(metrics.contains("\n" + line), line);
        }
        assertFalse(
                metrics.contains("generation_tokens_total{engine=\"0\",model_name=\"demo\"} 0"));
    }
}
