package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The {@code serve} command as a process: both protocols, time limits and shutdown. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ServeProcessTest {
    @TempDir private Path folder;

    private Process start(Path socket) throws IOException {
        return MainProcess.builder(
                        List.of("-Xmx256m"),
                        List.of(
                                "serve",
                                "--model",
                                Goldens.DEMO.resolve("checkpoint").toString(),
                                "--device",
                                "cpu",
                                "--threads",
                                "1",
                                "--socket",
                                socket.toString(),
                                "--http",
                                "0"))
                .redirectErrorStream(true)
                .start();
    }

    private static int port(BufferedReader log) throws IOException {
        for (String line = log.readLine(); line != null; line = log.readLine()) {
            if (line.startsWith("listening on http://")) {
                return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
            }
        }
        throw new AssertionError("the process ended");
    }

    private static Socket send(int port, String text) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
        return socket;
    }

    private static String post(String body) {
        return ("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                        + "Content-Length: %d\r\n\r\n%s")
                .formatted(body.length(), body);
    }

    /**
     * After SIGTERM the running generations complete; then the process exits. The drain never waits
     * for this test: the answers fit into a socket's buffer, and the test reads each to its end
     * first.
     */
    @Test
    void sigtermDrainsBothFaces() throws Exception {
        TestDevices.require(Device.CPU);
        Path path = folder.resolve("socket");
        Process process = start(path);
        try (BufferedReader log = process.inputReader()) {
            int port = port(log);
            String asked = "{\"prompt\":\"1 + 1 =\",\"max_tokens\":200,\"ignore_eos\":true%s}";
            try (Socket http = send(port, post(asked.formatted(",\"stream\":true")));
                    SocketChannel line = SocketChannel.open(UnixDomainSocketAddress.of(path));
                    Socket slow = send(port, "POST /v1/completions HTTP/1.1\r\nHost:")) {
                line.write(
                        ByteBuffer.wrap(
                                (asked.formatted("") + "\n").getBytes(StandardCharsets.UTF_8)));
                InputStream events = http.getInputStream();
                String begin = new String(events.readNBytes(300), StandardCharsets.UTF_8);
                assertTrue(begin.startsWith("HTTP/1.1 200 OK"), begin);
                InputStream lineEvents = Channels.newInputStream(line);
                lineEvents.readNBytes(10);
                process.toHandle().destroy(); // SIGTERM
                Thread.sleep(300);
                try (Socket late = send(port, post(asked.formatted("")))) {
                    String refused =
                            new String(
                                    late.getInputStream().readNBytes(12), StandardCharsets.UTF_8);
                    assertEquals("HTTP/1.1 503", refused);
                } catch (IOException e) {
                    // the server has already closed
                }
                String rest = new String(events.readAllBytes(), StandardCharsets.UTF_8);
                assertTrue(rest.contains("\"finish_reason\":\"length\""), rest);
                assertTrue(rest.contains("data: [DONE]"), rest);
                List<String> lines =
                        new String(lineEvents.readAllBytes(), StandardCharsets.UTF_8)
                                .lines()
                                .toList();
                assertTrue(lines.getLast().contains("\"finish\":\"length\""), lines.getLast());
                slow.getInputStream().readAllBytes(); // disconnected: its headers never arrived
            }
            long drained = System.nanoTime();
            List<String> said = log.lines().toList();
            assertTrue(process.waitFor(30, TimeUnit.SECONDS));
            long seconds = (System.nanoTime() - drained) / 1_000_000_000;
            assertTrue(
                    seconds < 15, "the end took " + seconds + " s"); // none of its limits of 30 s
            assertTrue(
                    said.stream()
                            .anyMatch(
                                    each -> each.contains("/v1/completions 200 model=checkpoint")),
                    said.toString());
            assertTrue(
                    said.stream().anyMatch(each -> each.contains("unix generate model=checkpoint")),
                    said.toString());
            assertTrue(Files.notExists(path));
        } finally {
            process.destroyForcibly();
        }
    }
}
