package dev.longhand.service.attack;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A well-behaved client of both ports; it compares its greedy answers with those that it got before
 * the attack. A server under attack may refuse it, but must never give it another answer.
 */
final class GoodClient {
    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> QUESTIONS =
            List.of("What is 17 plus 24?", "Tom has 3 apples. He buys 4.", "1 + 1 =");

    private static final String ASK =
            "{\"model\":\"%s\",\"prompt\":\"%s\",\"max_tokens\":24,\"temperature\":0%s}";

    private final AttackedProcess server;
    private final List<String> known;
    private final AtomicInteger right = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

    /** Learns the answers of a server that nobody attacks yet. */
    GoodClient(AttackedProcess server) throws IOException {
        this.server = server;
        known = QUESTIONS.stream().map(question -> learn(server, question)).toList();
    }

    private static String learn(AttackedProcess server, String question) {
        try {
            String answer = overHttp(server, question);
            String again = overLines(server, question);
            if (!answer.equals(again) || !answer.startsWith("200 ")) {
                throw new AssertionError(answer + " and " + again);
            }
            return answer;
        } catch (IOException e) {
            throw new AssertionError("nobody attacks yet", e);
        }
    }

    /** Asks one question on each port. */
    void ask(int turn) {
        int which = turn % QUESTIONS.size();
        String question = QUESTIONS.get(which);
        try {
            check(known.get(which), overHttp(server, question));
        } catch (IOException e) {
            refused.incrementAndGet(); // no place for another connection
        }
        try {
            check(known.get(which), overLines(server, question));
        } catch (IOException e) {
            refused.incrementAndGet();
        }
    }

    private void check(String expected, String answer) {
        if (answer.equals(expected)) {
            right.incrementAndGet();
        } else if (answer.startsWith("429 ") || answer.isEmpty()) {
            refused.incrementAndGet();
        } else {
            wrong.add(answer + ", not " + expected);
        }
    }

    /** Returns status and text; empty if the server closes the connection without an answer. */
    private static String overHttp(AttackedProcess server, String question) throws IOException {
        String body = ASK.formatted("math", question, "");
        String head =
                AttackList.head(
                        "POST /v1/completions",
                        "Content-Length: " + body.length(),
                        "Connection: close");
        try (Socket socket = server.http()) {
            socket.getOutputStream().write((head + body).getBytes(StandardCharsets.US_ASCII));
            byte[] bytes = socket.getInputStream().readAllBytes();
            String response = new String(bytes, StandardCharsets.UTF_8);
            if (response.isEmpty()) {
                return "";
            }
            String status = response.substring(9, 12);
            String json = response.substring(response.indexOf("\r\n\r\n") + 4);
            return status.equals("200")
                    ? "200 " + JSON.readTree(json).at("/choices/0/text").asString()
                    : status + " " + json;
        }
    }

    /** The answer in the form of {@link #overHttp}. */
    private static String overLines(AttackedProcess server, String question) throws IOException {
        String ask = ASK.formatted("math", question, "");
        try (Socket socket = server.lines()) {
            String lines = "{\"authorize\":\"%s\"}\n%s\n".formatted(AttackedServer.TOKEN, ask);
            socket.getOutputStream().write(lines.getBytes(StandardCharsets.US_ASCII));
            BufferedReader events =
                    new BufferedReader(
                            new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
            StringBuilder text = new StringBuilder("200 ");
            for (String line = events.readLine(); line != null; line = events.readLine()) {
                JsonNode event = JSON.readTree(line);
                if (event.has("code")) {
                    boolean busy = event.get("code").asString().equals("busy");
                    return (busy ? "429 " : "error ") + event;
                }
                text.append(event.path("text").asString(""));
                if (event.path("event").asString("").equals("done")) {
                    return text.toString();
                }
            }
            return "";
        }
    }

    /** The number of right answers. */
    int right() {
        return right.get();
    }

    /** The number of requests that the server refused. */
    int refused() {
        return refused.get();
    }

    /** The wrong answers. */
    List<String> wrong() {
        return List.copyOf(wrong);
    }
}
