package dev.longhand.service.http;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.file.Settings;
import dev.longhand.service.ByteBudget;
import dev.longhand.service.Dialect;
import dev.longhand.service.LongRequests;
import dev.longhand.service.RequestBuffer;
import dev.longhand.service.RequestFields;
import dev.longhand.service.ServiceLimits;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * One HTTP request and its response.
 *
 * <p>The handler thread owns the exchange. After {@link #beginStream} several threads may call
 * {@link #event}: a lock keeps events whole.
 */
final class Exchange {
    private static final JsonMapper JSON = OfflineCompletions.JSON;
    private static final int CHUNK_BYTES = 8 << 10;
    private static final Pattern SLASHES = Pattern.compile("/{2,}");

    private final ReceivedRequest request;
    private final Response response;
    private final ServiceLimits limits;
    private final RequestBuffer body;
    private final String path;
    private final ReentrantLock streaming = new ReentrantLock();
    private String outcome = "";

    Exchange(ReceivedRequest request, ServiceLimits limits, ByteBudget budget, Dialect dialect) {
        this.request = request;
        this.limits = limits;
        response = request.response();
        body = new RequestBuffer(limits.requestBytesMax(), budget);
        path = path(request.head().uri(), dialect);
    }

    /** Returns the path, in the lenient dialect without doubled and trailing slashes. */
    private static String path(URI target, Dialect dialect) {
        String path = target.getPath();
        if (!dialect.lenient()) {
            return path;
        }
        String single = SLASHES.matcher(path).replaceAll("/");
        return single.length() > 1 && single.endsWith("/")
                ? single.substring(0, single.length() - 1)
                : single;
    }

    /** What is wrong with the request before its content matters; null if nothing is. */
    @Nullable HttpFailure refusal() {
        return request.refusal();
    }

    String method() {
        return request.head().method();
    }

    String path() {
        return path;
    }

    /** The target of the request line: a path, or a whole address. */
    String target() {
        return request.head().target();
    }

    /** The query of the address as it was sent; null if there is none. */
    @Nullable String query() {
        return request.head().uri().getRawQuery();
    }

    InetSocketAddress client() {
        return request.client();
    }

    /** The values of a header; empty if it is absent. */
    List<String> headers(String name) {
        return request.head().values(name);
    }

    void setHeader(String name, String value) {
        response.setHeader(name, value);
    }

    /** Has the connection end after the response. */
    void endConnection() {
        response.endConnection();
    }

    /** The response status; 0 if no response was sent. */
    int status() {
        return response.status();
    }

    /** The outcome for the access log. */
    String outcome() {
        return outcome;
    }

    void setOutcome(String text) {
        outcome = text;
    }

    /**
     * Reads the body, which must be a JSON object, and parses it on a thread that may be another
     * one. Its heap is budgeted until {@link #close}.
     *
     * @param parser makes a request of the object
     * @throws HttpFailure if it is too long
     * @throws dev.longhand.engine.error.InputException if it is not JSON
     */
    <T> T body(Function<Settings, T> parser) throws IOException {
        RequestBody in = request.body();
        byte[] chunk = new byte[CHUNK_BYTES];
        try {
            if (in.announced() > limits.requestBytesMax()) {
                throw tooLong();
            }
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                if (!body.append(chunk, 0, count)) {
                    throw tooLong();
                }
            }
        } catch (HttpFailure | EngineBusyException e) {
            body.clear(); // others may have its budget
            in.skip(); // a client reads only after sending all
            throw e;
        }
        body.complete();
        return LongRequests.parse(body.length(), () -> parser.apply(RequestFields.parse(body)));
    }

    private HttpFailure tooLong() {
        return new HttpFailure(
                413,
                "too_long",
                "the request is longer than %d bytes".formatted(limits.requestBytesMax()));
    }

    /**
     * Budgets the heap of an answer until {@link #close}.
     *
     * @return false if no budget holds it beside the request
     * @throws EngineBusyException if the budget is spent
     */
    boolean reserve(long bytes) {
        return body.reserve(bytes);
    }

    /** Responds without a body. */
    void empty(int status) throws IOException {
        response.send(status, new byte[0]);
    }

    /** Responds with JSON. */
    void json(int status, Object value) throws IOException {
        bytes(status, "application/json", JSON.writeValueAsBytes(value));
    }

    /** Responds with text. */
    void text(int status, String type, String text) throws IOException {
        bytes(status, type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Responds with a body. */
    void bytes(int status, String type, byte[] bytes) throws IOException {
        setHeader("Content-Type", type);
        response.send(status, bytes);
    }

    /** Responds with an error; in a stream, sends it as an event. */
    void fail(HttpFailure failure) throws IOException {
        if (response.status() != 0) {
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
        response.begin(200);
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
        response.end();
    }

    private void write(String text) throws IOException {
        streaming.lock();
        try {
            response.write(text.getBytes(StandardCharsets.UTF_8));
        } finally {
            streaming.unlock();
        }
    }

    /**
     * Sets the action to run if the client disconnects before the response is complete, or null.
     */
    void onGone(@Nullable Runnable action) {
        request.watch().onGone(action);
    }

    /** Gives the budget of the request back. */
    void close() {
        body.clear();
    }
}
