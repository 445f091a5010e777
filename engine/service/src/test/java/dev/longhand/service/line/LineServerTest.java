package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;
import dev.longhand.service.ByteBudget;
import dev.longhand.service.RequestBuffer;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Clients of the line protocol: valid, invalid and disconnecting ones. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LineServerTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim32-group8");
    private static final List<Integer> PROMPT = List.of(3, 1, 4, 1, 5);

    @TempDir private Path temporary;
    private Path adapters;
    private Engine engine;
    private Service service;
    private LineServer server;

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        adapters = Files.createDirectory(temporary.resolve("adapters"));
        TestAdapter.allLinear(CHECKPOINT, 8, 1).write(adapters.resolve("first"));
        TestAdapter.allLinear(CHECKPOINT, 8, 2).write(temporary.resolve("outside"));
        engine =
                Engine.open(
                        EngineConfig.of(CHECKPOINT)
                                .withDevice(Device.CPU)
                                .withThreads(2)
                                .withKvTokensMax(4096)
                                .withAdapter("math", adapters.resolve("first")));
        service = new Service(engine, "base", adapters);
        server = listen(UnixDomainSocketAddress.of(temporary.resolve("socket")), null);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        engine.close();
        assertFalse(Files.exists(temporary.resolve("socket")));
    }

    private LineServer listen(SocketAddress address, @Nullable String token) throws IOException {
        ServiceLimits limits = new ServiceLimits(10_000, 1000, 4, 100, 60_000, 60_000, 60_000);
        return new LineServer(service, address, limits, token);
    }

    /** A client that reads events by lines. */
    static final class Client implements AutoCloseable {
        private final SocketChannel channel;
        private final LineReader lines;

        Client(SocketAddress address) throws IOException {
            channel = SocketChannel.open(address);
            lines = new LineReader(channel, 1 << 20, new ByteBudget(Long.MAX_VALUE));
        }

        void send(String line) throws IOException {
            send((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        void send(byte[] bytes) throws IOException {
            ByteBuffer buffer = ByteBuffer.wrap(bytes);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }

        /** Reads the next event; null at the end of the connection. */
        JsonNode next() throws IOException {
            RequestBuffer line;
            try {
                line = lines.next();
            } catch (SocketException e) {
                return null; // the server closed without reading all input
            }
            return line == null ? null : new JsonMapper().readTree(line.bytes());
        }

        JsonNode nextOf(String id) throws IOException {
            while (true) {
                JsonNode event = next();
                if (event == null || event.path("id").asString("").equals(id)) {
                    return Objects.requireNonNull(event);
                }
            }
        }

        /** The token ids of a generation that ends regularly. */
        List<Integer> ids(String id) throws IOException {
            List<Integer> ids = new ArrayList<>();
            for (JsonNode event = nextOf(id); ; event = nextOf(id)) {
                switch (event.get("event").asString()) {
                    case "token" -> ids.add(event.get("token").asInt());
                    case "done" -> {
                        assertEquals(ids.size(), event.at("/usage/output_tokens").asInt());
                        return ids;
                    }
                    default -> throw new AssertionError(event);
                }
            }
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    private Client client() throws IOException {
        return new Client(server.address());
    }

    static String generate(String id, String model, int tokens) {
        return """
        {"id":"%s","model":"%s","prompt_ids":%s,"max_tokens":%d,"temperature":0,"ignore_eos":true}\
        """
                .formatted(id, model, PROMPT, tokens);
    }

    private List<Integer> expected(@Nullable String adapter, int tokens) {
        return Completion.of(
                        engine,
                        GenerationRequest.ids(PROMPT)
                                .withAdapter(adapter)
                                .withMaxTokens(tokens)
                                .withSampling(SamplingOptions.greedy())
                                .ignoringEos())
                .ids();
    }

    @Test
    void severalGenerationsOfOneConnection() throws IOException {
        try (Client client = client()) {
            client.send(generate("a", "base", 40));
            client.send(generate("b", "math", 40));
            assertEquals(expected("math", 40), client.ids("b"));
            client.send(generate("c", "", 20));
            assertEquals(expected(null, 20), client.ids("c"));
        }
    }

    /** As many samples as the connection may have, which shows that their slots are free. */
    @Test
    void anIdIsFreeOnceItsEndIsRead() throws IOException {
        String line = generate("a", "base", 1).replace("}", ",\"n\":4}");
        try (Client client = client()) {
            for (int i = 0; i < 300; i++) {
                client.send(line);
                for (int ends = 0; ends < 4; ) {
                    JsonNode event = client.nextOf("a");
                    assertFalse(event.has("code"), "after %d: %s".formatted(i, event));
                    ends += event.get("event").asString().equals("done") ? 1 : 0;
                }
            }
        }
    }

    @Test
    void biasesCommandAndBan() throws IOException {
        String commanded = generate("a", "base", 5);
        String settings = ",\"logit_bias\":{\"7\":100,\"9\":null},\"frequency_penalty\":0.5}";
        try (Client client = client()) {
            client.send(commanded.substring(0, commanded.length() - 1) + settings);
            assertEquals(List.of(7, 7, 7, 7, 7), client.ids("a"));
            int first = expected(null, 1).getFirst();
            settings = ",\"logit_bias\":{\"%d\":-100}}".formatted(first);
            client.send(commanded.substring(0, commanded.length() - 1) + settings);
            assertFalse(client.ids("a").contains(first));
        }
    }

    @Test
    void whoSendsNoMoreStillGetsTheAnswer() throws IOException {
        try (Client client = client()) {
            client.send(generate("a", "base", 60));
            client.channel.shutdownOutput();
            assertEquals(expected(null, 60), client.ids("a"));
            assertNull(client.next());
        }
    }

    @Test
    void cancelEndsOneGeneration() throws IOException {
        try (Client client = client()) {
            client.send(generate("long", "base", 400));
            client.send("{\"cancel\":\"nobody\"}");
            assertEquals("token", client.nextOf("long").get("event").asString());
            client.send("{\"cancel\":\"long\"}");
            JsonNode event = client.nextOf("long");
            while (event.get("event").asString().equals("token")) {
                event = client.nextOf("long");
            }
            assertEquals("cancelled", event.get("finish").asString());
        }
    }

    @Test
    void aClientThatVanishesEndsItsGenerations() throws Exception {
        for (int i = 0; i < 8; i++) {
            try (Client client = client()) {
                client.send(generate("a", "base", 500));
                client.send(generate("b", "math", 500));
                client.next();
            }
        }
        for (int i = 0; i < 1000 && service.running() > 0; i++) {
            Thread.sleep(10);
        }
        assertEquals(0, service.running());
        try (Client client = client()) {
            client.send(generate("a", "base", 10));
            assertEquals(expected(null, 10), client.ids("a"));
        }
    }

    @Test
    void badRequestsCostOneErrorEach() throws IOException {
        List<String> bad =
                List.of(
                        "{\"prompt\":\"x\"}",
                        "{\"id\":\"a\"}",
                        "{\"id\":\"a\",\"prompt_ids\":[]}",
                        "{\"id\":\"a\",\"prompt_ids\":[-1]}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"prompt\":\"x\"}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"temperature\":\"hot\"}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"temperature\":-1}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"colour\":\"red\"}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"seed\":0.5}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"n\":0}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"n\":5}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"thinking_budget\":-1}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"thinking_budget\":5}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"thought_end\":\"x\"}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"loop_detector\":1}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"timeout_ms\":0}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"frequency_penalty\":1000}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"logit_bias\":[1]}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"logit_bias\":{\"x\":1}}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"logit_bias\":{\"-1\":1}}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"logit_bias\":{\"1\":1,\"01\":2}}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"logit_bias\":{\"1\":101}}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"logit_bias\":{\"999999\":1}}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"model\":\"nobody\"}",
                        "{\"id\":\"a\",\"prompt_ids\":[1],\"model\":\"../first\"}",
                        "{\"id\":\"a\",\"load_adapter\":\"x\",\"path\":\"../outside\"}",
                        "{\"id\":\"a\",\"load_adapter\":\"x\",\"path\":\"/etc\"}",
                        "{\"id\":\"a\",\"load_adapter\":\"x\",\"path\":\"none\"}",
                        "{\"id\":\"a\",\"load_adapter\":\"../x\",\"path\":\"first\"}",
                        "{\"id\":\"a\",\"unload_adapter\":\"nobody\"}");
        try (Client client = client()) {
            for (String line : bad) {
                client.send(line);
                JsonNode event = client.next();
                assertEquals("error", event.get("event").asString(), line);
                assertEquals(1, event.get("message").asString().lines().count(), line);
            }
            client.send(generate("good", "base", 10));
            assertEquals(expected(null, 10), client.ids("good"));
        }
    }

    /** Random bytes and randomly damaged lines: this and later connections are still served. */
    @Test
    void noiseHarmsNobody() throws IOException {
        Random random = new Random(3);
        for (int i = 0; i < 200; i++) {
            byte[] line = (generate("a", "math", 3) + "\n").getBytes(StandardCharsets.UTF_8);
            for (int j = random.nextInt(4); j >= 0; j--) {
                line[random.nextInt(line.length)] = (byte) random.nextInt(256);
            }
            try (Client client = client()) {
                client.send(line);
                client.channel.shutdownOutput();
                for (JsonNode event = client.next(); event != null; event = client.next()) {
                    assertTrue(event.has("event"), event.toString());
                }
            }
        }
        try (Client client = client()) {
            client.send(generate("a", "base", 10));
            assertEquals(expected(null, 10), client.ids("a"));
        }
    }

    @Test
    void anEndlessLineEndsItsConnectionOnly() throws IOException {
        try (Client client = client();
                Client other = client()) {
            client.send(("{" + "x".repeat(20_000)).getBytes(StandardCharsets.UTF_8));
            assertEquals("error", client.next().get("event").asString());
            assertNull(client.next());
            other.send(generate("a", "base", 10));
            assertEquals(expected(null, 10), other.ids("a"));
        }
    }

    @Test
    void adaptersAreLoadedAndUnloaded() throws IOException {
        try (Client client = client()) {
            client.send("{\"id\":\"1\",\"load_adapter\":\"new\",\"path\":\"first\"}");
            assertEquals("adapter_loaded", client.next().get("event").asString());
            client.send("{\"id\":\"2\",\"models\":true}");
            assertEquals("[\"base\",\"math\",\"new\"]", client.next().get("models").toString());
            client.send(generate("3", "new", 20));
            assertEquals(expected("math", 20), client.ids("3"));
            client.send("{\"id\":\"4\",\"unload_adapter\":\"new\"}");
            assertEquals("adapter_unloaded", client.next().get("event").asString());
            client.send(generate("5", "new", 20));
            assertEquals("unknown_model", client.next().get("code").asString());
        }
    }

    @Test
    void aTokenIsAskedForOverTcp() throws IOException {
        SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (LineServer guarded = listen(any, "secret")) {
            try (Client client = new Client(guarded.address())) {
                client.send(generate("a", "base", 5));
                assertEquals("error", client.next().get("event").asString());
                assertNull(client.next());
            }
            try (Client client = new Client(guarded.address())) {
                client.send("{\"authorize\":\"wrong\"}");
                assertEquals("error", client.next().get("event").asString());
                assertNull(client.next());
            }
            try (Client client = new Client(guarded.address())) {
                client.send("{\"authorize\":\"secret\"}");
                client.send(generate("a", "base", 5));
                assertEquals(expected(null, 5), client.ids("a"));
            }
        }
    }

    @Test
    void afterDrainingNobodyBegins() throws Exception {
        try (Client client = client()) {
            client.send(generate("a", "base", 200));
            client.next();
            service.drain(20_000);
            assertEquals(0, service.running());
            for (int i = 1; i < 200; i++) {
                client.nextOf("a");
            }
            client.send(generate("b", "base", 5));
            assertEquals("closed", client.nextOf("b").get("code").asString());
        }
    }
}
