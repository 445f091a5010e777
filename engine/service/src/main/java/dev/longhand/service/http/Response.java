package dev.longhand.service.http;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The response to one request: whole, or a stream. Used by one thread at a time. */
final class Response {
    /** The word to go on, for a client that waits for it before it sends a body. */
    static final byte[] CONTINUE =
            "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private static final String CRLF = "\r\n";
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT);

    /** Responses up to here are sent by one write. */
    private static final int SMALL_BYTES_MAX = 64 << 10;

    private static final Map<Integer, String> REASONS =
            Map.ofEntries(
                    Map.entry(200, "OK"),
                    Map.entry(204, "No Content"),
                    Map.entry(400, "Bad Request"),
                    Map.entry(401, "Unauthorized"),
                    Map.entry(403, "Forbidden"),
                    Map.entry(404, "Not Found"),
                    Map.entry(405, "Method Not Allowed"),
                    Map.entry(413, "Content Too Large"),
                    Map.entry(417, "Expectation Failed"),
                    Map.entry(421, "Misdirected Request"),
                    Map.entry(429, "Too Many Requests"),
                    Map.entry(431, "Request Header Fields Too Large"),
                    Map.entry(500, "Internal Server Error"),
                    Map.entry(501, "Not Implemented"),
                    Map.entry(503, "Service Unavailable"),
                    Map.entry(505, "HTTP Version Not Supported"));

    private final RequestHead request;
    private final RequestBody body;
    private final RequestBody.Output output;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private int status;
    private boolean persists;
    private boolean complete;

    Response(RequestHead request, RequestBody body, RequestBody.Output output) {
        this.request = request;
        this.body = body;
        this.output = output;
        persists = request.persists();
    }

    void setHeader(String name, String value) {
        headers.put(name, value);
    }

    /** Has the connection end after this response. */
    void endConnection() {
        persists = false;
    }

    /** The status; 0 before it is sent. */
    int status() {
        return status;
    }

    /** Whether the response is complete and the client may send another request after it. */
    boolean persists() {
        return complete && persists;
    }

    /** Sends the whole response, to a HEAD request without its content. */
    void send(int code, byte[] content) throws IOException {
        if (code != 204) {
            setHeader("Content-Length", Integer.toString(content.length));
        }
        ByteArrayOutputStream bytes = head(code);
        boolean bodiless = request.method().equals("HEAD");
        if (bodiless || content.length <= SMALL_BYTES_MAX) {
            bytes.write(content, 0, bodiless ? 0 : content.length);
            output.write(bytes.toByteArray());
        } else {
            output.write(bytes.toByteArray());
            output.write(content);
        }
        complete = true;
    }

    /** Sends the head of a stream. */
    void begin(int code) throws IOException {
        if (request.isNewest()) {
            setHeader("Transfer-Encoding", "chunked");
        }
        output.write(head(code).toByteArray());
    }

    /** Sends a part of a stream, of a byte or more. */
    void write(byte[] part) throws IOException {
        if (!request.isNewest()) {
            output.write(part);
            return;
        }
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(part.length + 16);
        chunk.writeBytes(ascii(Integer.toHexString(part.length) + CRLF));
        chunk.writeBytes(part);
        chunk.writeBytes(ascii(CRLF));
        output.write(chunk.toByteArray());
    }

    /** Ends a stream. */
    void end() throws IOException {
        if (request.isNewest()) {
            output.write(ascii("0\r\n\r\n"));
        }
        complete = true;
    }

    private ByteArrayOutputStream head(int code) {
        status = code;
        persists &= body.skippable();
        setHeader("Date", DATE.format(ZonedDateTime.now(ZoneOffset.UTC)));
        if (!persists) {
            setHeader("Connection", "close");
        }
        StringBuilder head = new StringBuilder("HTTP/1.1 ");
        head.append(code).append(' ').append(REASONS.getOrDefault(code, "")).append(CRLF);
        headers.forEach((name, value) -> head.append(name).append(": ").append(value).append(CRLF));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(ascii(head.append(CRLF).toString()));
        return bytes;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
