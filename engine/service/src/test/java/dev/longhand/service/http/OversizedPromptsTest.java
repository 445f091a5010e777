package dev.longhand.service.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Case S01 over HTTP: prompts of megabytes are refused, and meanwhile others are served: a health
 * check and the next token of a stream take less than 100 ms. With readers that did not take turns,
 * a health check took 4 to 10 s. Where the machine has other work, its share is measured by a
 * thread that only sleeps.
 */
class OversizedPromptsTest extends ScriptedTest {
    private static final int PROMPTS = 64;
    private static final int CHARACTERS = 2_000_000;

    private static final long MILLIS_MAX = 100;

    /**
     * Weight of the longest delay of a thread that only sleeps: a check and a token need the
     * processor on more threads, one after the other.
     */
    private static final int OTHER_WORK = 4;

    private static final int ROUNDS = 4;

    @Test
    void s01HealthIsAnsweredWhileOversizedPromptsArrive() throws Exception {
        long worst = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS && worst > MILLIS_MAX; i++) {
            worst = Math.min(worst, round());
        }
        assertTrue(
                worst <= MILLIS_MAX,
                "others waited %d ms more than the machine has them wait".formatted(worst));
    }

    /** Returns the longest time of a client in milliseconds, without the share of other work. */
    private long round() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong health = new AtomicLong();
        AtomicLong machine = new AtomicLong();
        AtomicLong token = new AtomicLong();
        Thread stream = Thread.ofPlatform().start(() -> stream(over, token));
        Thread checks = Thread.ofPlatform().start(() -> repeat(over, health, this::check));
        Thread sleeper = Thread.ofPlatform().start(() -> repeat(over, machine, () -> {}));
        List<Thread> clients = new ArrayList<>();
        ConcurrentLinkedQueue<String> results = new ConcurrentLinkedQueue<>();
        byte[] request = post("{\"prompt\":\"" + "Tom has 3 ".repeat(CHARACTERS / 10) + "\"}");
        for (int i = 0; i < PROMPTS; i++) {
            clients.add(Thread.ofPlatform().start(() -> results.add(result(request))));
        }
        for (Thread client : clients) {
            client.join();
        }
        over.set(true);
        checks.join();
        stream.join();
        sleeper.join();
        assertEquals(PROMPTS, results.size());
        assertTrue(results.contains("400 context_length_exceeded"), results.toString());
        results.removeIf(each -> each.equals("400 context_length_exceeded"));
        results.removeIf(each -> each.startsWith("429 "));
        assertEquals(List.of(), List.copyOf(results));
        System.out.printf(
                "%d oversized prompts: health %d ms, a token %d ms, a sleeper %d ms at most%n",
                PROMPTS, health.get(), token.get(), machine.get());
        return Math.max(health.get(), token.get()) - OTHER_WORK * machine.get();
    }

    private static byte[] post(String body) {
        String head =
                "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n".formatted(TEXT);
        String request = head + "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body);
        return request.getBytes(StandardCharsets.US_ASCII);
    }

    /** Clients that do no more than write: an HTTP client of Java would take the processors. */
    private String result(byte[] request) {
        try (Socket socket = served.connect()) {
            socket.getOutputStream().write(request);
            String answer =
                    new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            String body = answer.substring(answer.indexOf("\r\n\r\n") + 4);
            String code = ServedDemo.JSON.readTree(body).at("/error/code").asString("");
            return answer.substring(9, 12) + " " + code;
        } catch (IOException e) {
            return e.toString();
        }
    }

    /** Reads streams; keeps the longest time between two readings of one. */
    private void stream(AtomicBoolean over, AtomicLong longest) {
        byte[] request =
                post("{\"prompt\":\"x\",\"max_tokens\":2000,\"ignore_eos\":true,\"stream\":true}");
        byte[] chunk = new byte[1 << 16];
        while (!over.get()) {
            try (Socket socket = served.connect()) {
                socket.getOutputStream().write(request);
                InputStream in = socket.getInputStream();
                int count = in.read(chunk); // the first token waits for its turn
                while (count >= 0 && !over.get()) {
                    long began = System.nanoTime();
                    count = in.read(chunk);
                    longest.accumulateAndGet((System.nanoTime() - began) / 1_000_000, Math::max);
                }
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** With a socket of its own, since the clients of long prompts share one that is busy. */
    private void check() throws IOException {
        try (Socket socket = served.connect()) {
            byte[] request =
                    "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII);
            socket.getOutputStream().write(request);
            byte[] status = socket.getInputStream().readNBytes(15);
            assertEquals("HTTP/1.1 200 OK", new String(status, StandardCharsets.US_ASCII));
        }
    }

    private interface Call {
        void run() throws IOException;
    }

    /** Repeats a sleep of 5 ms and a call; keeps the longest time beyond the sleep. */
    private static void repeat(AtomicBoolean over, AtomicLong longest, Call call) {
        try {
            while (!over.get()) {
                long began = System.nanoTime();
                Thread.sleep(5);
                call.run();
                long millis = (System.nanoTime() - began) / 1_000_000 - 5;
                longest.accumulateAndGet(millis, Math::max);
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
