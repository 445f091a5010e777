package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.BatchRequest;
import dev.longhand.batch.BatchRun;
import dev.longhand.batch.RequestRun;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.service.Service;
import dev.longhand.service.http.OfflineCompletions;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Files of requests in OpenAI's batch form (S32). */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BatchRequestsTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String CHAT =
            "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                    + "{\"model\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"Tom has %d"
                    + " apples and buys 2 more. How many apples does Tom have?\"}],"
                    + "\"max_tokens\":%d}}";
    private static final List<String> BAD =
            List.of(
                    "not json",
                    "[1]",
                    "{\"custom_id\":\"g\",\"method\":\"GET\",\"url\":\"/v1/completions\",\"body\":{}}",
                    "{\"custom_id\":\"r1\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{}}",
                    "{\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":{}}",
                    "{\"custom_id\":\"b\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":3}");

    private static Engine engine;

    @TempDir private Path folder;
    private Path input;
    private Path out;

    @BeforeAll
    static void open() {
        TestDevices.require(Device.CPU);
        engine =
                Engine.open(
                        EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                                .withDevice(Device.CPU)
                                .withThreads(1)
                                .withSequencesMax(4)
                                .withKvTokensMax(8192)
                                .withQueueDepthMax(3)
                                .withAdapter("math", Goldens.DEMO.resolve("adapter")));
    }

    @AfterAll
    static void close() {
        if (engine != null) {
            engine.close();
        }
    }

    @BeforeEach
    void name() {
        input = folder.resolve("in.jsonl");
        out = folder.resolve("out.jsonl");
    }

    private BatchRun.Summary run(BatchRun.Progress progress) throws InterruptedException {
        OfflineCompletions completions = new OfflineCompletions(new Service(engine, "demo", null));
        return new RequestRun(completions, BatchRequest.read(input))
                .run(input, out, Map.of("model_sha", "m"), 6, progress);
    }

    private List<JsonNode> answers() throws IOException {
        return Files.readAllLines(out).stream().map(JSON::readTree).toList();
    }

    private static String textOf(JsonNode line) {
        return line.at("/response/body/choices/0/message/content").asString();
    }

    @Test
    void s32EachRequestHasItsLine() throws Exception {
        List<String> lines = new ArrayList<>();
        lines.add(CHAT.formatted("r1", "demo", 3, 12));
        lines.add(CHAT.formatted("r2", "math", 3, 12));
        lines.add(
                "{\"custom_id\":\"r3\",\"method\":\"POST\",\"url\":\"/v1/completions\",\"body\":"
                        + "{\"prompt\":[\"Tom\",\"Ann\"],\"max_tokens\":3,\"n\":2}}");
        lines.add(CHAT.formatted("r4", "nobody", 3, 12));
        lines.add(CHAT.formatted("r5", "demo", 3, 0));
        lines.add(lines.getFirst().replace("r1", "r6").replace("chat/completions", "embeddings"));
        lines.add(
                lines.getFirst()
                        .replace("r1", "r7")
                        .replace("{\"model", "{\"stream\":true,\"model"));
        Files.write(input, lines);
        assertTrue(BatchRequest.areIn(input));
        assertEquals(Map.of("200", 3, "404", 1, "400", 3), run((done, total) -> {}).finishes());
        List<JsonNode> answers = answers();
        for (int i = 0; i < lines.size(); i++) {
            JsonNode line = answers.get(i);
            assertEquals("r" + (i + 1), line.get("custom_id").asString());
            assertTrue(
                    line.get("error").isNull()
                            && line.get("id").asString().startsWith("batch_req_"));
            assertTrue(line.at("/response/request_id").asString().startsWith("req_"));
        }
        assertEquals("chat.completion", answers.get(0).at("/response/body/object").asString());
        assertEquals("math", answers.get(1).at("/response/body/model").asString());
        assertEquals(4, answers.get(2).at("/response/body/choices").size());
        assertEquals(404, answers.get(3).at("/response/status_code").asInt());
        assertEquals("model_not_found", answers.get(3).at("/response/body/error/code").asString());
        assertEquals("max_tokens", answers.get(4).at("/response/body/error/param").asString());
        assertEquals("url", answers.get(5).at("/response/body/error/param").asString());
        assertEquals("stream", answers.get(6).at("/response/body/error/param").asString());
    }

    @Test
    void badLinesAreReportedEach() throws Exception {
        List<String> lines = new ArrayList<>(List.of(CHAT.formatted("r1", "demo", 1, 4)));
        lines.addAll(BAD);
        lines.add(CHAT.formatted("r2", "demo", 2, 4));
        Files.write(input, lines);
        assertEquals(Map.of("200", 2, "error", BAD.size()), run((done, total) -> {}).finishes());
        List<JsonNode> answers = answers();
        for (int i = 1; i <= BAD.size(); i++) {
            assertTrue(answers.get(i).get("response").isNull());
            assertEquals("invalid_request", answers.get(i).at("/error/code").asString());
            String message = answers.get(i).at("/error/message").asString();
            assertTrue(message.startsWith("line " + (i + 1) + ":"), message);
        }
        assertTrue(answers.get(3).at("/error/message").asString().contains("method"));
        assertEquals("g", answers.get(3).get("custom_id").asString());
        assertTrue(answers.get(5).get("custom_id").isNull());
        assertFalse(textOf(answers.getLast()).isEmpty());
    }

    /** Requests without a seed have one that follows from their id. */
    @Test
    void anInterruptedRunGoesOn() throws Exception {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < 24; i++) {
            lines.add(
                    CHAT.formatted("q" + i, "math", i, 20)
                            .replace("{\"model", "{\"temperature\":2,\"model"));
        }
        Files.write(input, lines);
        run((done, total) -> {});
        Map<String, String> whole = new HashMap<>();
        answers().forEach(line -> whole.put(line.get("custom_id").asString(), textOf(line)));
        assertEquals(24, whole.size());
        assertTrue(whole.values().stream().distinct().count() > 4);
        out = folder.resolve("again.jsonl");
        Assertions.assertThrows(
                IllegalStateException.class,
                () ->
                        run(
                                (done, total) -> {
                                    if (done > 4) {
                                        throw new IllegalStateException("enough");
                                    }
                                }));
        List<JsonNode> first = answers();
        BatchRun.Summary summary = run((done, total) -> {});
        assertTrue(summary.before() > 4 && summary.before() < 24, summary.toString());
        List<JsonNode> all = answers();
        assertEquals(first, all.subList(0, first.size()), "what was there stays");
        for (int i = 0; i < 24; i++) {
            assertEquals("q" + i, all.get(i).get("custom_id").asString());
            assertEquals(whole.get("q" + i), textOf(all.get(i)));
        }
        Files.write(input, lines.subList(0, 3));
        Assertions.assertThrows(InputException.class, () -> run((done, total) -> {}));
    }

    @Test
    void aFileOfProblemsIsNoneOfRequests() throws IOException {
        Files.writeString(input, "\n{\"id\":1,\"question\":\"x\"}\n");
        assertFalse(BatchRequest.areIn(input));
        Files.writeString(input, "");
        assertFalse(BatchRequest.areIn(input));
    }
}
