package dev.longhand.service.line;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.lora.TestAdapter;
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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Strangers at the port of the line protocol: other protocols, and idle connections. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LineStrangersTest {
    private static final SocketAddress ANY =
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    @TempDir private Path folder;
    private Engine engine;
    private Service service;

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        Path checkpoint = Goldens.checkpoint("dim32-group8");
        TestAdapter.allLinear(checkpoint, 8, 1).write(folder);
        engine =
                Engine.open(
                        EngineConfig.of(checkpoint)
                                .withDevice(Device.CPU)
                                .withThreads(1)
                                .withKvTokensMax(4096)
                                .withAdapter("math", folder));
        service = new Service(engine, "base", Goldens.FOLDER);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    /** S05: nothing of what follows is executed, as a web page could send it. */
    @Test
    void anotherProtocolEndsItsConnection() throws IOException {
        String unload = "\n{\"id\":\"evil\",\"unload_adapter\":\"math\"}\n";
        for (String line :
                List.of(
                        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
                        "Host: evil.example",
                        "{",
                        "[]",
                        "7",
                        "\u0000",
                        "{\"a\":" + "[".repeat(2000))) {
            try (LineServer server = new LineServer(service, ANY, ServiceLimits.DEFAULT, null);
                    Client client = new Client(server.address())) {
                client.send(line + unload);
                for (JsonNode event = client.next(); event != null; event = client.next()) {
                    assertEquals("bad_request", event.path("code").asString(""), line);
                }
            }
        }
        assertEquals(List.of("base", "math"), service.models());
    }

    /** E23: the connection that idles longest makes room; one with a generation does not. */
    @Test
    void idleConnectionsLockNobodyOut() throws IOException {
        ServiceLimits few = new ServiceLimits(10_000, 1000, 4, 3, 60_000, 60_000, 60_000);
        try (LineServer small = new LineServer(service, ANY, few, null);
                Client busy = new Client(small.address())) {
            busy.send(LineServerTest.generate("long", "base", 480));
            while (service.running() == 0) {
                Thread.onSpinWait();
            }
            for (int i = 0; i < 10; i++) {
                Client idle = new Client(small.address());
                idle.send("{\"models\":true}");
                assertEquals("models", idle.next().get("event").asString());
            }
            assertEquals(480, busy.ids("long").size());
        }
    }
}
