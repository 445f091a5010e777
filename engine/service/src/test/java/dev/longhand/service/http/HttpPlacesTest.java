package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.service.ServiceLimits;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Recipe E23: connections that are of no use keep nobody out. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HttpPlacesTest {
    private static final int CROWD = 1100;
    private static final long HEALTH_MILLIS_MAX = 1000;
    private static final String GET = "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n";

    private static final String STREAM =
            "{\"prompt\":\"1 + 1 =\",\"max_tokens\":%d,\"ignore_eos\":true,\"stream\":true}";

    private final List<Socket> sockets = new ArrayList<>();
    private ServedDemo demo;

    @BeforeEach
    void require() {
        TestDevices.require(Device.CPU);
    }

    @AfterEach
    void close() throws IOException {
        for (Socket each : sockets) {
            each.close();
        }
        if (demo != null) {
            demo.close();
        }
    }

    private void serve(int connections, long requestMillis) throws IOException {
        demo =
                ServedDemo.limited(
                        new ServiceLimits(
                                1 << 20, 16 << 10, 8, connections, requestMillis, 60_000, 5_000));
    }

    private Socket send(String text) throws IOException {
        Socket socket = demo.connect();
        sockets.add(socket);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static String post(String body, int length) {
        return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
                .formatted(length, body);
    }

    private static String read(Socket socket, int bytes) throws IOException {
        return new String(socket.getInputStream().readNBytes(bytes), StandardCharsets.UTF_8);
    }

    private static String readAll(Socket socket) throws IOException {
        return read(socket, Integer.MAX_VALUE);
    }

    /** With one reset instead of an end, if the server has not read all. */
    private static void assertDisconnected(Socket socket) {
        try {
            assertEquals(-1, socket.getInputStream().read());
        } catch (IOException e) {
            assertTrue(e.getMessage().contains("reset"), e.toString());
        }
    }

    @Test
    void aSilentCrowdKeepsNobodyOut() throws Exception {
        serve(ServiceLimits.DEFAULT.connectionsMax(), 60_000);
        int places = new ServiceLimits(1, 1, 1, CROWD, 1, 1, 1).connections();
        assumeTrue(places == CROWD, "this system lends few file descriptors");
        String body = STREAM.formatted(1500);
        Socket stream = send(post(body, body.length()));
        String begin = read(stream, 300);
        assertTrue(begin.startsWith("HTTP/1.1 200 OK"), begin);
        Socket oldest = send("");
        for (int i = 0; i < CROWD; i++) {
            send("");
        }
        long began = System.nanoTime();
        assertEquals(200, demo.get("/health").statusCode());
        long millis = (System.nanoTime() - began) / 1_000_000;
        assertTrue(millis < HEALTH_MILLIS_MAX, millis + " ms");
        assertDisconnected(oldest);
        Socket latest = sockets.getLast();
        latest.getOutputStream().write(GET.formatted("/ready").getBytes(StandardCharsets.US_ASCII));
        assertTrue(read(latest, 15).startsWith("HTTP/1.1 200 OK"));
        assertTrue(untilDone(stream).contains("\"finish_reason\":\"length\""));
    }

    private static String untilDone(Socket stream) throws IOException {
        StringBuilder text = new StringBuilder();
        InputStream in = stream.getInputStream();
        byte[] chunk = new byte[8192];
        while (text.indexOf("data: [DONE]") < 0) {
            int count = in.read(chunk);
            assertTrue(count > 0, text.toString());
            text.append(new String(chunk, 0, count, StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    /** Who sends half a body is not idle; so probes have places of their own. */
    @Test
    void probesHavePlacesIfAllAreTaken() throws Exception {
        serve(4, 60_000);
        for (int i = 0; i < 4; i++) {
            send(post("{", 100));
        }
        Thread.sleep(100); // the heads are read
        for (String path : List.of("/health", "/ready", "/health")) {
            HttpResponse<String> answer = demo.get(path);
            assertEquals(200, answer.statusCode());
            assertEquals("close", answer.headers().firstValue("Connection").orElse(""));
        }
        HttpResponse<String> refused = demo.get("/v1/models");
        assertEquals(503, refused.statusCode());
        assertTrue(refused.body().contains("too many connections"), refused.body());
        assertTrue(refused.headers().firstValueAsLong("Retry-After").orElse(0) > 0);
        for (int i = 0; i < 100; i++) {
            send(""); // takes a reserved place
        }
        assertEquals(200, demo.get("/health").statusCode());
        sockets.getFirst().close();
        for (int i = 0; demo.get("/v1/models").statusCode() != 200; i++) {
            assertTrue(i < 100, "there is no place for others");
            Thread.sleep(20);
        }
    }

    @Test
    void aRequestIsDueInTime() throws Exception {
        serve(16, 500);
        String body = STREAM.formatted(1500);
        Socket stream = send(post(body, body.length()));
        List<Socket> late =
                List.of(send(""), send("GET /health"), send(post("{", 100)), send("\r\n"));
        Socket second = send(GET.formatted("/health") + "GET /health");
        assertTrue(read(second, 15).startsWith("HTTP/1.1 200 OK"));
        long began = System.nanoTime();
        late.forEach(HttpPlacesTest::assertDisconnected);
        readAll(second);
        long millis = (System.nanoTime() - began) / 1_000_000;
        assertTrue(millis < 5_000, millis + " ms");
        assertTrue(untilDone(stream).contains("\"finish_reason\":\"length\""));
    }

    /** Old proxies understand no chunks. */
    @Test
    void aStreamOfAnOldClientHasNoChunks() throws Exception {
        serve(4, 60_000);
        String body = STREAM.formatted(2);
        String answer = readAll(send(post(body, body.length()).replace("HTTP/1.1", "HTTP/1.0")));
        String content = answer.substring(answer.indexOf("\r\n\r\n") + 4);
        assertTrue(content.startsWith("data: {"), content);
        assertTrue(content.endsWith("}\n\ndata: [DONE]\n\n"), content);
        assertTrue(answer.contains("\r\nConnection: close\r\n"), answer);
    }
}
