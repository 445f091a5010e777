package dev.longhand.service.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.sun.net.httpserver.HttpExchange;

import dev.longhand.engine.file.Settings;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;

/** A request and its answer. Several threads may write chunks of a stream. */
final class Exchange {
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                    .changeDefaultPropertyInclusion(
                            any -> any.withValueInclusion(JsonInclude.Include.NON_NULL))
                    .build();

    private final HttpExchange http;
    private final ServiceLimits limits;
    private final InetSocketAddress client;
    private final ReentrantLock streaming = new ReentrantLock();
    private final Object guard = new Object(); // of the writer
    private @Nullable Thread writer;
    private long writingSinceNanos;
    private volatile @Nullable Runnable onGone;
    private boolean answered;
    private String outcome = "";

    Exchange(HttpExchange http, ServiceLimits limits) {
        this.http = http;
        this.limits = limits;
        client = http.getRemoteAddress();
    }

    String method() {
        return http.getRequestMethod();
    }

    String path() {
        return Objects.requireNonNullElse(http.getRequestURI().getPath(), "");
    }

    InetSocketAddress client() {
        return client;
    }

    @Nullable String header(String name) {
        return http.getRequestHeaders().getFirst(name);
    }

    void setHeader(String name, String value) {
        http.getResponseHeaders().set(name, value);
    }

    /** The status of the answer, or 0 if there was none. */
    int status() {
        return answered ? http.getResponseCode() : 0;
    }

    /** What the access log says of the answer. */
    String outcome() {
        return outcome;
    }

    void setOutcome(String text) {
        outcome = text;
    }

    /**
     * The body, which must be a JSON object.
     *
     * @throws HttpFailure if it is too long
     * @throws dev.longhand.engine.error.InputException if it is not JSON
     */
    Settings body() throws IOException {
        InputStream in = http.getRequestBody();
        byte[] bytes = in.readNBytes(limits.requestBytesMax());
        if (bytes.length == limits.requestBytesMax() && in.read() >= 0) {
            in.transferTo(OutputStream.nullOutputStream()); // else it would not read the answer
            throw new HttpFailure(
                    413,
                    "too_long",
                    "the request is longer than %d bytes".formatted(limits.requestBytesMax()));
        }
        return Settings.parse("request", bytes);
    }

    /** Answers with JSON. */
    void json(int status, Object value) throws IOException {
        answer(status, "application/json", JSON.writeValueAsBytes(value));
    }

    /** Answers with plain text. */
    void text(int status, String type, String text) throws IOException {
        answer(status, type, text.getBytes(StandardCharsets.UTF_8));
    }

    private void answer(int status, String type, byte[] bytes) throws IOException {
        setHeader("Content-Type", type);
        answered = true;
        boolean bodiless = method().equals("HEAD") || bytes.length == 0;
        beginWriting();
        try {
            http.sendResponseHeaders(status, bodiless ? -1 : bytes.length);
            if (!bodiless) {
                http.getResponseBody().write(bytes);
                http.getResponseBody().close();
            }
        } finally {
            endWriting();
        }
    }

    /** Answers with an error, or ends a stream with one. */
    void fail(HttpFailure failure) throws IOException {
        if (answered) {
            event(failure.body());
            return;
        }
        long millis = failure.retryAfterMillis();
        if (millis > 0) {
            setHeader("Retry-After", Long.toString(Math.ceilDiv(millis, 1000)));
            setHeader("retry-after-ms", Long.toString(millis)); // OpenAI's clients prefer it
        }
        json(failure.status(), failure.body());
    }

    /** Begins a stream of server-sent events. */
    void beginStream() throws IOException {
        setHeader("Content-Type", "text/event-stream; charset=utf-8");
        setHeader("Cache-Control", "no-cache");
        answered = true;
        http.sendResponseHeaders(200, 0);
        write("");
    }

    /** Sends an event with JSON. */
    void event(Object value) throws IOException {
        write("data: " + JSON.writeValueAsString(value) + "\n\n");
    }

    /** Ends a stream. */
    void endStream() throws IOException {
        write("data: [DONE]\n\n");
        http.getResponseBody().close();
    }

    private void write(String text) throws IOException {
        streaming.lock();
        try {
            beginWriting();
            http.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
            http.getResponseBody().flush();
        } finally {
            endWriting();
            streaming.unlock();
        }
    }

    private void beginWriting() {
        synchronized (guard) {
            writer = Thread.currentThread();
            writingSinceNanos = System.nanoTime();
        }
    }

    private void endWriting() {
        synchronized (guard) {
            writer = null;
        }
    }

    /** Gives the client up if it has not taken what was written for too long. */
    void giveUpIfStuck(long nowNanos) {
        synchronized (guard) {
            if (writer != null
                    && nowNanos - writingSinceNanos > limits.writeMillisMax() * 1_000_000) {
                writer.interrupt(); // which closes the channel that it writes to
            }
        }
    }

    /** What to do when the client leaves before it has the answer; null is nothing. */
    void onGone(@Nullable Runnable action) {
        onGone = action;
    }

    /** Whether someone wants to know when the client leaves. */
    boolean watched() {
        return onGone != null;
    }

    /** The client has left. */
    void gone() {
        Runnable action = onGone;
        if (action != null) {
            action.run();
        }
    }

    /** Ends the exchange, and the connection too if there was no whole answer. */
    void close() {
        http.close();
    }
}
