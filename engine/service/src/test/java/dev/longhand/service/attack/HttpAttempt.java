package dev.longhand.service.attack;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Sends bytes to the HTTP port and describes the responses: for each its status, with the parameter
 * or else the code of its error if it has one, and then whether the server closed the connection,
 * for example {@code 200 400:max_tokens closed} or {@code open}.
 */
final class HttpAttempt {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int OPEN_MILLIS = 400;
    private static final int MESSAGE_CHARACTERS_MAX = 1000;

    private final String responses;
    private int position;

    private HttpAttempt(String responses) {
        this.responses = responses;
    }

    /**
     * Returns the result of an attack.
     *
     * @param expected if it ends in "open", the server has a moment to close the connection
     */
    static String result(AttackedProcess server, byte[] sent, String expected) {
        ByteArrayOutputStream received = new ByteArrayOutputStream();
        String end = "closed";
        try (Socket socket = server.http()) {
            if (expected.equals("open")) {
                socket.setSoTimeout(OPEN_MILLIS);
            }
            Thread writer = Thread.ofVirtual().start(() -> send(socket, sent));
            InputStream in = socket.getInputStream();
            byte[] chunk = new byte[8192];
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                received.write(chunk, 0, count);
                if (expected.endsWith("open")) {
                    socket.setSoTimeout(OPEN_MILLIS);
                }
            }
            writer.join();
        } catch (SocketTimeoutException e) {
            end = "open";
        } catch (IOException e) {
            end = "closed"; // reset, since the server has not read all
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        List<String> results =
                new HttpAttempt(received.toString(StandardCharsets.ISO_8859_1)).all();
        results.add(end);
        return String.join(" ", results);
    }

    private static void send(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            // the server has closed the connection before it has read all
        }
    }

    private List<String> all() {
        List<String> results = new ArrayList<>();
        while (position < responses.length()) {
            int end = responses.indexOf("\r\n\r\n", position);
            if (!responses.startsWith("HTTP/1.1 ", position) || end < 0) {
                results.add("no HTTP");
                return results;
            }
            String head = responses.substring(position, end).toLowerCase(Locale.ROOT);
            position = end + 4;
            String status = head.substring(9, 12);
            String body = body(head);
            results.add(status.charAt(0) >= '4' ? status + detail(body) : status);
        }
        return results;
    }

    private String body(String head) {
        int length = head.indexOf("content-length:");
        if (length >= 0) {
            String value = head.substring(length + 15).lines().findFirst().orElse("").strip();
            int from = position;
            position = Math.min(from + Integer.parseInt(value), responses.length());
            return utf8(responses.substring(from, position));
        }
        if (head.contains("transfer-encoding: chunked")) {
            int from = position;
            int last = responses.indexOf("\r\n0\r\n\r\n", position);
            position = last < 0 ? responses.length() : last + 7;
            return utf8(responses.substring(from, position));
        }
        return "";
    }

    private static String utf8(String bytes) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static String detail(String body) {
        if (body.isEmpty()) {
            return ""; // the answer to HEAD
        }
        JsonNode error = JSON.readTree(body).path("error");
        String message = error.path("message").asString("");
        if (!isFit(message)) {
            return ":an unfit message: " + message;
        }
        String code = error.path("code").asString("");
        String parameter = error.path("param").asString(code);
        return parameter.isEmpty() ? "" : ":" + parameter;
    }

    /** Whether a message is one short line without paths, control characters and class names. */
    static boolean isFit(String message) {
        return !message.isEmpty()
                && message.length() <= MESSAGE_CHARACTERS_MAX
                && message.chars().noneMatch(Character::isISOControl)
                && !message.contains(System.getProperty("user.dir"))
                && !message.contains("java.")
                && !message.contains("REDACTED");
    }
}
