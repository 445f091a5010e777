package dev.longhand.service.http;

import com.sun.net.httpserver.HttpExchange;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.file.Settings;
import dev.longhand.service.ByteBudget;
import dev.longhand.service.Dialect;
import dev.longhand.service.RequestBuffer;
import dev.longhand.service.RequestFields;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;

/**
 * One HTTP request and its response.
 *
 * <p>The handler thread owns the exchange. After {@link #beginStream} several threads may call
 * {@link #event}: a lock keeps events whole. The watch thread calls {@link #giveUpIfStuck}, {@link
 * #watched} and {@link #gone}.
 */
final class Exchange {
    private static final JsonMapper JSON = OfflineCompletions.JSON;
    private static final int CHUNK_BYTES = 8 << 10;
    private static final Pattern SLASHES = Pattern.compile("/{2,}");

    private final HttpExchange http;
    private final ServiceLimits limits;
    private final RequestBuffer body;
    private final String path;
    private final InetSocketAddress client;
    private final ReentrantLock streaming = new ReentrantLock();
    private final Object guard = new Object(); // guards writer and writingSinceNanos
    private @Nullable Thread writer;
    private long writingSinceNanos;
    private volatile @Nullable Runnable onGone;
    private boolean answered;
    private String outcome = "";

    Exchange(HttpExchange http, ServiceLimits limits, ByteBudget budget, Dialect dialect) {
        this.http = http;
        this.limits = limits;
        body = new RequestBuffer(limits.requestBytesMax(), budget);
        path = path(http.getRequestURI(), dialect);
        client = http.getRemoteAddress();
    }

    /** Returns the path, in the lenient dialect without doubled and trailing slashes. */
    private static String path(URI target, Dialect dialect) {
        String path = Objects.requireNonNullElse(target.getPath(), "");
        if (!dialect.lenient()) {
            return path;
        }
        if (target.toString().startsWith("//")) {
            path = "/" + target.getAuthority() + path; // a doubled slash looks like a host
        }
        String single = SLASHES.matcher(path).replaceAll("/");
        return single.length() > 1 && single.endsWith("/")
                ? single.substring(0, single.length() - 1)
                : single;
    }

    String method() {
        return http.getRequestMethod();
    }

    /** The version of HTTP as the request line gives it. */
    String version() {
        return http.getProtocol();
    }

    String path() {
        return path;
    }

    /** The target of the request line: a path, or a whole address. */
    String target() {
        return http.getRequestURI().toString();
    }

    InetSocketAddress client() {
        return client;
    }

    /** The values of a header; empty if it is absent. */
    List<String> headers(String name) {
        return http.getRequestHeaders().getOrDefault(name, List.of());
    }

    /** All headers with their values. */
    Map<String, List<String>> headers() {
        return http.getRequestHeaders();
    }

    void setHeader(String name, String value) {
        http.getResponseHeaders().set(name, value);
    }

    /** The response status; 0 if no response was sent. */
    int status() {
        return answered ? http.getResponseCode() : 0;
    }

    /** The outcome for the access log. */
    String outcome() {
        return outcome;
    }

    void setOutcome(String text) {
        outcome = text;
    }

    /**
     * Reads the body, which must be a JSON object. Its heap is budgeted until {@link #close}.
     *
     * @throws HttpFailure if it is too long
     * @throws dev.longhand.engine.error.InputException if it is not JSON
     */
    Settings body() throws IOException {
        InputStream in = http.getRequestBody();
        byte[] chunk = new byte[CHUNK_BYTES];
        try {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                if (!body.append(chunk, 0, count)) {
                    throw new HttpFailure(
                            413,
                            "too_long",
                            "the request is longer than %d bytes"
                                    .formatted(limits.requestBytesMax()));
                }
            }
        } catch (HttpFailure | EngineBusyException e) {
            in.transferTo(OutputStream.nullOutputStream()); // a client reads only after sending all
            throw e;
        }
        return RequestFields.parse(body.whole());
    }

    /** Responds without a body. */
    void empty(int status) throws IOException {
        answered = true;
        http.sendResponseHeaders(status, -1);
    }

    /** Responds with JSON. */
    void json(int status, Object value) throws IOException {
        answer(status, "application/json", JSON.writeValueAsBytes(value));
    }

    /** Responds with text. */
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

    /** Responds with an error; in a stream, sends it as an event. */
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

    /** Sends an event with a name and JSON. */
    void event(String name, Object value) throws IOException {
        write("event: " + name + "\ndata: " + JSON.writeValueAsString(value) + "\n\n");
    }

    /** Ends a stream of completions. */
    void endStream() throws IOException {
        write("data: [DONE]\n\n");
        closeStream();
    }

    /** Ends a stream after its last event. */
    void closeStream() throws IOException {
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

    /** Interrupts a write that exceeds the limit, which disconnects the client. */
    void giveUpIfStuck(long nowNanos) {
        synchronized (guard) {
            if (writer != null
                    && nowNanos - writingSinceNanos > limits.writeMillisMax() * 1_000_000) {
                writer.interrupt(); // closes the channel of the write
            }
        }
    }

    /**
     * Sets the action to run if the client disconnects before the response is complete, or null.
     */
    void onGone(@Nullable Runnable action) {
        onGone = action;
    }

    /** Whether an action for a disconnect is set. */
    boolean watched() {
        return onGone != null;
    }

    /** Reports that the client has disconnected. */
    void gone() {
        Runnable action = onGone;
        if (action != null) {
            action.run();
        }
    }

    /** Closes the exchange; an incomplete response closes the connection as well. */
    void close() {
        body.clear();
        http.close();
    }
}
