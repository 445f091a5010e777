package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;
import dev.longhand.service.line.LineServer;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import tools.jackson.databind.JsonNode;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Randomly damaged messages over both protocols: each causes at most one error, and other clients
 * are served as before. {@code -Dlonghand.fuzz.messages=100000} extends it.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class ProtocolFuzzTest {
    private static final int MESSAGES = Integer.getInteger("longhand.fuzz.messages", 1000);

    private static final List<String> LINES =
            List.of(
                    """
                    {"id":"a","model":"math","prompt":"1 + 1 =","max_tokens":2,"temperature":0.5,\
                    "stop":["x"]}\
                    """,
                    """
                    {"id":"a","prompt_ids":[3,1,4],"max_tokens":1,"logprobs":2,"seed":7,"n":2}\
                    """,
                    """
                    {"id":"a","messages":[{"role":"user","content":"hi"}],"max_tokens":1}\
                    """,
                    """
                    {"id":"a","load_adapter":"x","path":"../checkpoint"}\
                    """,
                    """
                    {"id":"a","models":true}\
                    """,
                    """
                    {"cancel":"a"}\
                    """);

    private static final List<String> BODIES =
            List.of(
                    """
                    {"model":"math","prompt":"1 + 1 =","max_tokens":2,"temperature":0.5,"stop":["x"],"n":2}\
                    """,
                    """
                    {"prompt":[[3,1,4],[1]],"max_tokens":1,"logprobs":2,"seed":7,"stream":true}\
                    """,
                    """
                    {"messages":[{"role":"user","content":[{"type":"text","text":"hi"}]}],"max_tokens":1,
                    "logprobs":true,"top_logprobs":1,"logit_bias":{"5":-100}}\
                    """,
                    """
                    {"lora_name":"x","lora_path":"../checkpoint","tokens":[1,2]}\
                    """);

    private static final List<String> PATHS =
            List.of(
                    "/v1/completions",
                    "/v1/chat/completions",
                    "/v1/load_lora_adapter",
                    "/v1/unload_lora_adapter",
                    "/tokenize",
                    "/detokenize");

    private final Random random = new Random(11);
    private ServedDemo demo;
    private LineServer lines;

    @BeforeEach
    void open() throws IOException {
        TestDevices.require(Device.CPU);
        demo = new ServedDemo(null, 64);
        lines =
                new LineServer(
                        demo.service(),
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        ServedDemo.LIMITS,
                        null);
    }

    @AfterEach
    void close() throws IOException {
        if (demo != null) {
            lines.close();
            demo.close();
        }
    }

    /** Damages a message: replaces up to five bytes, or doubles, drops or nests a piece. */
    private byte[] broken(String message) {
        byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int from = random.nextInt(bytes.length);
        int to = from + random.nextInt(bytes.length - from);
        switch (random.nextInt(6)) {
            case 0 -> out.write(bytes, 0, from); // cut
            case 1 -> { // doubled
                out.write(bytes, 0, to);
                out.write(bytes, from, bytes.length - from);
            }
            case 2 -> { // dropped
                out.write(bytes, 0, from);
                out.write(bytes, to, bytes.length - to);
            }
            case 3 -> { // nested
                byte open = (byte) (random.nextBoolean() ? '[' : '{');
                out.write(bytes, 0, from);
                for (int i = random.nextInt(3000); i > 0; i--) {
                    out.write(open);
                }
                out.write(bytes, from, bytes.length - from);
            }
            default -> {
                for (int i = random.nextInt(5); i >= 0; i--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
                }
                out.writeBytes(bytes);
            }
        }
        byte[] result = out.toByteArray();
        for (int i = 0; i < result.length; i++) {
            result[i] = result[i] == '\n' || result[i] == '\r' ? (byte) ' ' : result[i];
        }
        return result;
    }

    private static <T> T any(List<T> list, Random random) {
        return list.get(random.nextInt(list.size()));
    }

    /** A line that is no longer an object ends its connection, so each has one of its own. */
    @Test
    void brokenLines() throws IOException, InterruptedException {
        for (int sent = 0; sent < MESSAGES; sent++) {
            try (Socket socket = new Socket()) {
                socket.connect(lines.address());
                socket.getOutputStream().write(broken(any(LINES, random)));
                socket.getOutputStream().write('\n');
                socket.shutdownOutput();
                BufferedReader events =
                        new BufferedReader(
                                new InputStreamReader(
                                        socket.getInputStream(), StandardCharsets.UTF_8));
                int answers = 0;
                for (String line = events.readLine(); line != null; line = events.readLine()) {
                    JsonNode event = ServedDemo.JSON.readTree(line);
                    answers += event.get("event").asString().equals("token") ? 0 : 1;
                    assertTrue(!event.has("message") || oneLine(event.get("message")), line);
                }
                // A request for two samples has two ends, and a cancel none.
                assertTrue(answers <= 2, answers + " answers");
            } catch (SocketException e) {
                // ended before all was read
            }
        }
        assertWellServed();
    }

    private static boolean oneLine(JsonNode message) {
        return message.asString().lines().count() == 1;
    }

    @Test
    void brokenRequests() throws IOException, InterruptedException {
        Set<Integer> statuses = new HashSet<>();
        for (int sent = 0; sent < MESSAGES; sent++) {
            ServedDemo.Answer answer = demo.post(any(PATHS, random), broken(any(BODIES, random)));
            statuses.add(answer.status());
            if (answer.status() != 200) {
                assertTrue(Set.of(400, 404).contains(answer.status()), "" + answer);
                assertTrue(oneLine(answer.body().at("/error/message")), "" + answer);
            }
        }
        String unknown = "{\"model\":\"nobody\",\"prompt\":\"x\",\"max_tokens\":1}";
        statuses.add(demo.post("/v1/completions", unknown).status());
        assertEquals(Set.of(200, 400, 404), statuses);
        assertWellServed();
    }

    /** Bytes that violate HTTP itself: the server responds or disconnects, and continues. */
    @Test
    void brokenHeaders() throws IOException, InterruptedException {
        String head =
                "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}";
        for (int sent = 0; sent < MESSAGES / 10; sent++) {
            byte[] bytes = head.getBytes(StandardCharsets.UTF_8);
            for (int i = random.nextInt(4); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try (Socket socket = demo.connect()) {
                socket.getOutputStream().write(bytes);
                socket.shutdownOutput();
                socket.getInputStream().readAllBytes();
            } catch (IOException e) {
                // disconnected before all was sent
            }
        }
        assertWellServed();
    }

    private void assertWellServed() throws IOException, InterruptedException {
        String ask =
                """
                {"model":"math","prompt":"What is 17 plus 24?","max_tokens":5,"temperature":0}\
                """;
        assertEquals(200, demo.post("/v1/completions", ask).status());
        assertEquals(200, demo.get("/ready").statusCode());
        demo.awaitIdle();
    }
}
