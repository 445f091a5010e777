package dev.longhand.service.attack;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Sends bytes to the port of the line protocol and then a request for the models, and describes the
 * events: each by its name or the code of its error, tokens left out, and then whether the
 * connection survived, for example {@code bad_request open} or {@code closed}.
 */
final class LineAttempt {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String LAST = "{\"id\":\"the last\",\"models\":true}\n";

    private LineAttempt() {}

    /** Returns the result of an attack. */
    static String result(AttackedProcess server, byte[] sent) {
        List<String> results = new ArrayList<>();
        boolean open = false;
        try (Socket socket = server.lines()) {
            Thread writer = Thread.ofVirtual().start(() -> send(socket, sent));
            BufferedReader lines =
                    new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                JsonNode event = JSON.readTree(line);
                if (event.path("id").asString("").equals("the last")) {
                    open = true;
                } else if (!event.path("event").asString("").equals("token")) {
                    results.add(describe(event));
                }
            }
            writer.join();
        } catch (IOException e) {
            // reset, since the server has not read all
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        results.add(open ? "open" : "closed");
        return String.join(" ", results);
    }

    private static void send(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.getOutputStream().write(LAST.getBytes(StandardCharsets.UTF_8));
            socket.shutdownOutput();
        } catch (IOException e) {
            // the server has closed the connection
        }
    }

    private static String describe(JsonNode event) {
        if (event.has("code") && !HttpAttempt.isFit(event.path("message").asString(""))) {
            return "an unfit message: " + event;
        }
        return event.path("code").asString(event.path("event").asString("?"));
    }
}
