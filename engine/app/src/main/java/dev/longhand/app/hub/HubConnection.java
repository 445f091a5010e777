package dev.longhand.app.hub;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Requests to a Hub and to the hosts to which it redirects. The token goes to the Hub's own address
 * only. Answers are bounded by their readers; an answer that stalls fails.
 */
final class HubConnection implements AutoCloseable {
    private static final int REDIRECTS_MAX = 8;
    private static final Pattern RANGE = Pattern.compile("bytes (\\d{1,18})-.*");

    private final HubAccess access;
    private final Timeouts timeouts;
    private final HttpClient client;

    /**
     * How long answers may take.
     *
     * @param answerMillis until an answer begins
     * @param stallMillis without a byte of an answer
     */
    record Timeouts(long answerMillis, long stallMillis) {}

    /**
     * The beginning of an answer.
     *
     * @param offset the position of the body's first byte in the file
     */
    record Answer(long offset, StallGuard body) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    HubConnection(HubAccess access, Timeouts timeouts) {
        this.access = access;
        this.timeouts = timeouts;
        client =
                HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .followRedirects(HttpClient.Redirect.NEVER)
                        .connectTimeout(Duration.ofMillis(timeouts.answerMillis))
                        .build();
    }

    HubAccess access() {
        return access;
    }

    /**
     * Reads a whole answer.
     *
     * @param what the thing that is asked for, as errors name it
     * @param bytesMax limit for its length
     */
    byte[] read(String what, URI address, int bytesMax) throws IOException, InterruptedException {
        try (Answer answer = open(what, address, 0)) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            byte[] buffer = new byte[1 << 16];
            for (int count = fill(what, answer, buffer, buffer.length);
                    count >= 0;
                    count = fill(what, answer, buffer, buffer.length)) {
                if (bytes.size() + count > bytesMax) {
                    throw new IOException(
                            "%s: the Hub's answer is longer than %d bytes"
                                    .formatted(what, bytesMax));
                }
                bytes.write(buffer, 0, count);
            }
            return bytes.toByteArray();
        }
    }

    /** Reads bytes of an answer; returns their number, or -1 at its end. */
    static int fill(String what, Answer answer, byte[] buffer, int length) throws TransientFailure {
        try {
            return answer.body.read(buffer, length);
        } catch (IOException e) {
            throw new TransientFailure(
                    "%s: the connection broke (%s)".formatted(what, reason(e)), e);
        }
    }

    /**
     * Asks for a file, follows redirects, and returns the answer when it begins.
     *
     * @param what the thing that is asked for, as errors name it
     * @param from the first byte that is wanted; the server may begin at 0 all the same
     * @throws InputException if the Hub refuses it
     */
    Answer open(String what, URI address, long from) throws IOException, InterruptedException {
        URI next = address;
        for (int hops = 0; hops <= REDIRECTS_MAX; hops++) {
            HttpResponse<InputStream> response = send(what, next, from);
            int status = response.statusCode();
            if (status == 200 || status == 206) {
                return new Answer(
                        status == 200 ? 0 : offset(what, response),
                        new StallGuard(response.body(), timeouts.stallMillis));
            }
            response.body().close();
            if (status == 416 && from > 0) {
                return open(what, address, 0); // what is there is longer than the file
            }
            if (status < 300 || status > 399) {
                throw new Refusal(access, what, response).error();
            }
            next = target(what, next, response);
        }
        throw new IOException(
                "%s: the Hub redirects more than %d times".formatted(what, REDIRECTS_MAX));
    }

    private HttpResponse<InputStream> send(String what, URI address, long from)
            throws TransientFailure, InterruptedException {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(address)
                        .timeout(Duration.ofMillis(timeouts.answerMillis))
                        .header("User-Agent", "longhand/0.1.0")
                        .header("Accept-Encoding", "identity");
        if (from > 0) {
            request.header("Range", "bytes=" + from + "-");
        }
        String token = access.token();
        if (token != null && access.isHub(address)) {
            request.header("Authorization", "Bearer " + token);
        }
        try {
            return client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException e) {
            throw new TransientFailure(
                    "%s: %s cannot be reached (%s)"
                            .formatted(what, ErrorText.line(address.getHost()), reason(e)),
                    e);
        }
    }

    private static URI target(String what, URI from, HttpResponse<?> response) throws IOException {
        String location = response.headers().firstValue("Location").orElse("");
        try {
            URI to = from.resolve(location);
            boolean weaker =
                    from.getScheme().equalsIgnoreCase("https")
                            && !"https".equalsIgnoreCase(to.getScheme());
            if (!location.isEmpty() && HubAccess.isWeb(to) && !weaker) {
                return to;
            }
        } catch (IllegalArgumentException e) {
            // refused like an address of another kind
        }
        throw new IOException(
                "%s: %s redirects to %s, which is not followed"
                        .formatted(
                                what, ErrorText.line(from.getHost()), ErrorText.quote(location)));
    }

    private static long offset(String what, HttpResponse<?> response) throws IOException {
        String range = response.headers().firstValue("Content-Range").orElse("");
        Matcher parts = RANGE.matcher(range);
        if (!parts.matches()) {
            throw new IOException(
                    "%s: the server answers with the range %s"
                            .formatted(what, ErrorText.quote(range)));
        }
        return Long.parseLong(parts.group(1));
    }

    /** Words a failure of the network; the client often gives no message. */
    private static String reason(IOException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof UnresolvedAddressException) {
                return "its name is unknown";
            }
        }
        if (e instanceof HttpTimeoutException) {
            return "no answer in time";
        }
        String message = e.getMessage();
        return message == null || message.isBlank()
                ? e.getClass().getSimpleName()
                : ErrorText.line(message);
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
