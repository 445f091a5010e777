package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.line.LineServerTest.Client;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Samples, loops and deadlines over the line protocol. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LineControlsTest {
    private static final List<Integer> PROMPT = List.of(3, 1, 4, 1, 5);

    @TempDir private Path temporary;
    private Engine engine;
    private LineServer server;

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        Path checkpoint = Goldens.checkpoint("dim32-group8");
        engine =
                Engine.open(
                        EngineConfig.of(checkpoint)
                                .withDevice(Device.CPU)
                                .withThreads(2)
                                .withKvTokensMax(4096));
        server =
                new LineServer(
                        new Service(engine, "base", null),
                        UnixDomainSocketAddress.of(temporary.resolve("socket")),
                        ServiceLimits.DEFAULT,
                        null);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        engine.close();
    }

    @Test
    void samplesCarryTheirIndex() throws IOException {
        try (Client client = new Client(server.address())) {
            client.send(
                    """
                    {"id":"a","prompt_ids":%s,"max_tokens":8,"seed":7,"temperature":1,"n":3,\
                    "ignore_eos":true}\
                    """
                            .formatted(PROMPT));
            List<List<Integer>> samples =
                    List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
            for (int left = 3; left > 0; ) {
                JsonNode event = client.nextOf("a");
                if (event.get("event").asString().equals("done")) {
                    left--;
                } else {
                    assertEquals("answer", event.get("phase").asString());
                    samples.get(event.get("index").asInt()).add(event.get("token").asInt());
                }
            }
            for (int i = 0; i < 3; i++) {
                SamplingOptions alone =
                        SamplingOptions.DEFAULT.withTemperature(1f).withSeed(7L + i);
                GenerationRequest request =
                        GenerationRequest.ids(PROMPT).withMaxTokens(8).ignoringEos();
                assertEquals(
                        Completion.of(engine, request.withSampling(alone)).ids(), samples.get(i));
            }
        }
    }

    @Test
    void stopTokensEndTheOutputAfterTheLeastNumberOfTokens() throws IOException {
        GenerationRequest request = GenerationRequest.ids(PROMPT).withMaxTokens(8).ignoringEos();
        List<Integer> free =
                Completion.of(engine, request.withSampling(SamplingOptions.greedy())).ids();
        int stop = free.get(3);
        String line = "{\"id\":\"a\",\"prompt_ids\":%s,\"max_tokens\":8,\"temperature\":0,";
        line += "\"ignore_eos\":true,\"stop_token_ids\":[%d],\"min_tokens\":%d}";
        try (Client client = new Client(server.address())) {
            client.send(line.formatted(PROMPT, stop, 0));
            assertEquals(free.subList(0, free.indexOf(stop) + 1), tokens(client, "stop"));
            client.send(line.formatted(PROMPT, stop, 8));
            List<Integer> banned = tokens(client, "length");
            assertEquals(
                    free.subList(0, free.indexOf(stop)), banned.subList(0, free.indexOf(stop)));
            assertTrue(!banned.contains(stop) && banned.size() == 8, "" + banned);
            client.send(line.formatted(PROMPT, stop, 9));
            assertEquals("bad_request", client.nextOf("a").get("code").asString());
        }
    }

    /** Reads the tokens of a generation that ends for a reason. */
    private static List<Integer> tokens(Client client, String reason) throws IOException {
        List<Integer> tokens = new ArrayList<>();
        JsonNode event = client.nextOf("a");
        for (; event.get("event").asString().equals("token"); event = client.nextOf("a")) {
            tokens.add(event.get("token").asInt());
        }
        assertEquals(reason, event.path("finish").asString(), "" + event);
        return tokens;
    }

    @Test
    void timeoutsAndLoops() throws IOException {
        String line = LineServerTest.generate("a", "base", 480).replace("}", ",%s}");
        try (Client client = new Client(server.address())) {
            client.send(line.formatted("\"loop_detector\":true,\"timeout_ms\":60000"));
            JsonNode end = client.nextOf("a");
            while (!end.get("event").asString().equals("done")) {
                end = client.nextOf("a");
            }
            int output = end.at("/usage/output_tokens").asInt();
            assertEquals(output, end.at("/usage/answer_tokens").asInt());
            assertEquals(0, end.at("/usage/thought_tokens").asInt());
            client.send(line.formatted("\"timeout_ms\":1,\"n\":1"));
            JsonNode event = client.nextOf("a");
            while (event.get("event").asString().equals("token")) {
                event = client.nextOf("a");
            }
            boolean late = event.path("finish").asString("").equals("deadline");
            boolean busy = event.path("code").asString("").equals("busy");
            assertTrue(late || (busy && event.get("retry_after_ms").asLong() > 0), "" + event);
        }
    }
}
