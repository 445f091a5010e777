package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.service.Service;
import dev.longhand.service.ServiceLimits;
import dev.longhand.service.line.LineServerTest.Client;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

/** Clients of the line protocol that exceed time limits, beside one that does not. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LineTimeLimitsTest {
    /** A limit that a test waits for; the server checks once a second. */
    private static final long SHORT = 1500;

    private static final long LONG = 100_000;

    @TempDir private Path temporary;
    private Engine engine;
    private Service service;

    @BeforeEach
    void open() {
        TestDevices.require(Device.CPU);
        engine =
                Engine.open(
                        EngineConfig.of(Goldens.checkpoint("dim32-group8"))
                                .withDevice(Device.CPU)
                                .withThreads(1)
                                .withKvTokensMax(4096));
        service = new Service(engine, "base", null);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    private LineServer listen(
            long requestMillis, long idleMillis, long writeMillis, @Nullable String token)
            throws IOException {
        return new LineServer(
                service,
                UnixDomainSocketAddress.of(temporary.resolve("socket")),
                new ServiceLimits(10_000, 1000, 64, 100, requestMillis, idleMillis, writeMillis),
                token);
    }

    private static void assertEndsWith(String message, long beganNanos, Client client)
            throws IOException {
        JsonNode event = client.next();
        assertTrue(event.path("message").asString("").contains(message), "" + event);
        assertEquals("bad_request", event.get("code").asString());
        assertNull(client.next());
        long millis = (System.nanoTime() - beganNanos) / 1_000_000;
        assertTrue(SHORT <= millis && millis < LONG / 2, millis + " ms");
    }

    private static void assertWellServed(Client client) throws IOException {
        client.send(LineServerTest.generate("a", "base", 5));
        assertEquals(5, client.ids("a").size());
    }

    /** A request that never ends times out even if its bytes keep arriving. */
    @Test
    void aRequestThatIsSentByteByByte() throws Exception {
        try (LineServer server = listen(SHORT, LONG, LONG, null);
                Client good = new Client(server.address());
                Client slow = new Client(server.address())) {
            assertWellServed(good);
            long began = System.nanoTime();
            Thread drip =
                    Thread.ofVirtual()
                            .start(
                                    () -> {
                                        try {
                                            while (true) {
                                                slow.send("{".getBytes(StandardCharsets.UTF_8));
                                                Thread.sleep(100);
                                            }
                                        } catch (IOException | InterruptedException e) {
                                            // disconnected, as expected
                                        }
                                    });
            assertEndsWith("a request was not sent within 1500 ms", began, slow);
            drip.join();
            assertWellServed(good); // idle throughout, but within its limit
        }
    }

    @Test
    void aTokenThatDoesNotCome() throws IOException {
        try (LineServer server = listen(SHORT, LONG, LONG, "secret");
                Client good = new Client(server.address())) {
            good.send("{\"authorize\":\"secret\"}");
            try (Client mute = new Client(server.address())) {
                assertEndsWith("the token was not sent within 1500 ms", System.nanoTime(), mute);
            }
            assertWellServed(good);
        }
    }

    /** E23: who has a connection must ask for something soon. */
    @Test
    void aFirstRequestThatDoesNotCome() throws IOException {
        try (LineServer server = listen(SHORT, LONG, LONG, null);
                Client mute = new Client(server.address())) {
            assertEndsWith("no request was sent within 1500 ms", System.nanoTime(), mute);
        }
    }

    @Test
    void aConnectionOfNoUse() throws IOException {
        try (LineServer server = listen(LONG, SHORT, LONG, null);
                Client idle = new Client(server.address())) {
            assertWellServed(idle);
            assertEndsWith("the connection was of no use for 1500 ms", System.nanoTime(), idle);
        }
    }

    /** A connection with a running generation is not idle, even if nothing is sent or read. */
    @Test
    void whoHasAGenerationUnderWayIsNotIdle() throws Exception {
        try (LineServer server = listen(LONG, SHORT, LONG, null);
                Client client = new Client(server.address())) {
            client.send(LineServerTest.generate("a", "base", 480)); // more than the socket holds
            Thread.sleep(SHORT + 2500);
            assertEquals(1, service.running());
            assertEquals(480, client.ids("a").size());
        }
    }

    @Test
    void whoDoesNotReadIsGivenUp() throws Exception {
        try (LineServer server = listen(LONG, LONG, SHORT, null);
                Client good = new Client(server.address());
                Client deaf = new Client(server.address())) {
            for (int i = 0; i < 8; i++) { // more than fits into the socket
                deaf.send(LineServerTest.generate("a" + i, "base", 480));
            }
            while (service.running() < 8) {
                Thread.sleep(1);
            }
            assertWellServed(good);
            for (int i = 0; i < 3000 && service.running() > 0; i++) {
                Thread.sleep(10);
            }
            assertEquals(0, service.running());
            int lines = 0;
            while (deaf.next() != null) {
                lines++;
            }
            assertTrue(0 < lines && lines < 8 * 480, lines + " lines came all the same");
            assertWellServed(good);
        }
    }

    /** Generations that outlast the drain are cancelled, and report it. */
    @Test
    void theDrainHasALimit() throws Exception {
        int samples = 32;
        try (LineServer server = listen(LONG, LONG, LONG, null);
                Client client = new Client(server.address())) {
            String line = LineServerTest.generate("a", "base", 480);
            client.send(line.replace("}", ",\"n\":" + samples + "}"));
            client.nextOf("a");
            FutureTask<List<String>> finishes = new FutureTask<>(() -> finishes(client, samples));
            Thread.ofVirtual().start(finishes);
            service.drain(0);
            assertEquals(0, service.running());
            assertTrue(finishes.get().contains("cancelled"), "" + finishes.get());
        }
    }

    private static List<String> finishes(Client client, int samples) throws IOException {
        List<String> finishes = new ArrayList<>();
        while (finishes.size() < samples) {
            JsonNode event = client.next();
            if (event.get("event").asString().equals("done")) {
                finishes.add(event.get("finish").asString());
            }
        }
        return finishes;
    }
}
