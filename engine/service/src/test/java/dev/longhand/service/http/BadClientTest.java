package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.service.http.ServedDemo.Answer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Clients that send invalid requests, are not authorized, disconnect or do not read. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class BadClientTest {
    private static final String TEXT = "/v1/completions";
    private static final String GOOD =
            "{\"prompt\":\"1 + 1 =\",\"max_tokens\":3,\"temperature\":0}";

    private static final String LONG =
            "{\"prompt\":\"1 + 1 =\",\"max_tokens\":3000,\"ignore_eos\":true%s}";

    private ServedDemo demo;

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        demo = new ServedDemo("secret", 2);
    }

    @AfterEach
    void close() {
        if (demo != null) {
            demo.close();
        }
    }

    private void assertWellServed() throws IOException {
        Answer answer = demo.post(TEXT, GOOD);
        assertEquals(200, answer.status(), answer.response().body());
    }

    private static byte[] head(String path, int length) {
        return ("POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer secret\r\n"
                        + "Content-Length: %d\r\n\r\n")
                .formatted(path, length)
                .getBytes(StandardCharsets.UTF_8);
    }

    private Socket ask(String path, String body) throws IOException {
        Socket socket = demo.connect();
        socket.getOutputStream().write(head(path, body.length()));
        socket.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    @Test
    void badBodiesCostOneErrorEach() throws IOException {
        List<byte[]> bodies =
                List.of(
                        bytes(""),
                        bytes("{"),
                        bytes("[]"),
                        bytes("7"),
                        bytes("{\"prompt\":\"x\"} {}"),
                        bytes("{\"prompt\":\"x\",\"prompt\":\"y\"}"),
                        bytes("{\"prompt\":" + "[".repeat(5000)),
                        bytes("{\"prompt\":1e999}"),
                        bytes("{\"prompt\":[1,-1]}"),
                        bytes("{\"prompt\":[99999999999]}"),
                        bytes("{\"prompt\":[[],\"x\"]}"),
                        bytes("{\"prompt\":\"x\",\"max_tokens\":" + "9".repeat(200) + "}"),
                        new byte[] {'{', '"', 'p', '"', ':', '"', (byte) 0xc3, '(', '"', '}'},
                        new byte[] {'{', '"', (byte) 0xff, '"', ':', '1', '}'});
        for (byte[] body : bodies) {
            Answer answer = demo.post(TEXT, body);
            String sent = new String(body, StandardCharsets.ISO_8859_1);
            assertEquals(400, answer.status(), sent);
            String message = answer.body().at("/error/message").asString();
            assertEquals(1, message.lines().count(), sent);
        }
        Answer tooLong = demo.post(TEXT, new byte[ServedDemo.LIMITS.requestBytesMax() + 1]);
        assertEquals(413, tooLong.status());
        assertWellServed();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void whoMayNotAskIsTurnedAway() throws IOException {
        assertEquals(404, demo.get("/nothing").statusCode());
        HttpResponse<String> wrongMethod = demo.get(TEXT);
        assertEquals(405, wrongMethod.statusCode());
        assertEquals("POST", wrongMethod.headers().firstValue("Allow").orElse(""));
        HttpRequest page =
                demo.request(TEXT)
                        .header("Origin", "http://example.com")
                        .POST(HttpRequest.BodyPublishers.ofString(GOOD))
                        .build();
        HttpResponse<String> refused = demo.send(page);
        assertEquals(403, refused.statusCode());
        assertTrue(refused.headers().firstValue("BearerAuth-Control-Allow-Origin").isEmpty());
        for (String token : new String[] {null, "wrong", "secretly", ""}) {
            demo.useToken(token);
            Answer answer = demo.post(TEXT, GOOD);
            assertEquals(401, answer.status());
            assertEquals("invalid_api_key", answer.body().at("/error/code").asString());
            assertEquals(401, demo.get("/metrics").statusCode());
            assertEquals(401, demo.get("/ready").statusCode());
            assertEquals(200, demo.get("/health").statusCode());
        }
        demo.useToken("secret");
        assertWellServed();
    }

    @Test
    void aRequestSplitAtEveryByte() throws Exception {
        byte[] head = head(TEXT, GOOD.length());
        byte[] all = new byte[head.length + GOOD.length()];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(bytes(GOOD), 0, all, head.length, GOOD.length());
        try (Socket socket = demo.connect()) {
            socket.setTcpNoDelay(true);
            for (byte each : all) {
                socket.getOutputStream().write(each);
                Thread.sleep(1);
            }
            byte[] begin = socket.getInputStream().readNBytes(15);
            assertEquals("HTTP/1.1 200 OK", new String(begin, StandardCharsets.UTF_8));
        }
        assertWellServed();
    }

    @Test
    void whoLeavesEndsTheGeneration() throws Exception {
        for (String stream : List.of("", ",\"stream\":true")) {
            try (Socket socket = ask(TEXT, LONG.formatted(stream + ",\"n\":2"))) {
                socket.getOutputStream().write(bytes("\r\nGET ")); // of a request that never comes
                while (demo.engine().load().running() < 2) {
                    Thread.sleep(5);
                }
            }
            demo.awaitIdle();
        }
        assertWellServed();
    }

    @Test
    void aFullQueueAnswersBusy() throws Exception {
        // KV memory holds two of these at a time, and the queue two more.
        try (Socket _ = ask(TEXT, LONG.formatted(",\"n\":2"))) {
            while (demo.engine().load().running() < 2) {
                Thread.sleep(5);
            }
            Socket second = ask(TEXT, LONG.formatted(",\"n\":2"));
            while (demo.engine().load().waiting() < 2) {
                Thread.sleep(5);
            }
            Answer busy = demo.post(TEXT, GOOD);
            assertEquals(429, busy.status());
            assertTrue(busy.response().headers().firstValueAsLong("Retry-After").orElse(0) > 0);
            assertEquals(503, demo.get("/ready").statusCode());
            assertEquals(200, demo.get("/health").statusCode());
            second.close();
        }
        demo.awaitIdle();
        assertEquals(200, demo.get("/ready").statusCode());
        assertWellServed();
    }

    @Test
    void whoDoesNotReadIsGivenUp() throws Exception {
        String text = "0 1 2 3 4 5 6 7 8 9 ".repeat(100_000);
        String ask = "{\"prompt\":\"%s\",\"return_token_strs\":true}".formatted(text);
        try (Socket socket = ask("/tokenize", ask)) {
            assertWellServed();
            Thread.sleep(ServedDemo.LIMITS.writeMillisMax() + 4000);
            // The disconnected socket holds what fitted into buffers, not the 20 MB of the answer.
            long read = 0;
            try {
                read = socket.getInputStream().transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                read = 0; // a reset is as good
            }
            assertTrue(read < 12_000_000, read + " bytes came all the same");
        }
        assertWellServed();
    }

    @Test
    void afterDrainingNobodyBegins() throws Exception {
        try (Socket socket = ask(TEXT, LONG.replace("3000", "300").formatted(""))) {
            while (demo.engine().load().running() == 0) {
                Thread.sleep(5);
            }
            demo.service().drain(30_000);
            byte[] begin = socket.getInputStream().readNBytes(15);
            assertEquals("HTTP/1.1 200 OK", new String(begin, StandardCharsets.UTF_8));
        }
        Answer refused = demo.post(TEXT, GOOD);
        assertEquals(503, refused.status());
        assertTrue(refused.response().headers().firstValue("Retry-After").isPresent());
        assertEquals(503, demo.get("/ready").statusCode());
        assertEquals(200, demo.get("/health").statusCode());
    }
}
