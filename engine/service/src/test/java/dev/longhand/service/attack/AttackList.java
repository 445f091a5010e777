package dev.longhand.service.attack;

import dev.longhand.service.attack.Attack.Port;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Collects attacks of one kind after the other. */
final class AttackList {
    /** The result of a request that violates HTTP. */
    static final String MALFORMED = "400:malformed closed";

    private final List<Attack> attacks = new ArrayList<>();
    private String kind = "";

    /** All attacks of the suite. */
    static List<Attack> all() {
        AttackList list = new AttackList();
        FramingAttacks.addTo(list);
        HeadAttacks.addTo(list);
        AccessAttacks.addTo(list);
        JsonAttacks.addTo(list);
        FieldAttacks.addTo(list);
        PromptAttacks.addTo(list);
        AdapterAttacks.addTo(list);
        LineAttacks.addTo(list);
        return List.copyOf(list.attacks);
    }

    /** Begins the next kind. */
    AttackList kind(String next) {
        kind = next;
        return this;
    }

    /** Adds the bytes of an HTTP connection; a character is a byte. */
    void http(String name, String sent, String expected) {
        byte[] bytes = sent.getBytes(StandardCharsets.ISO_8859_1);
        attacks.add(new Attack(kind, name, Port.HTTP, bytes, expected));
    }

    /** Adds a well-formed POST request; its connection closes after the response. */
    void post(String path, String name, String body, String expected) {
        post(path, name, body.getBytes(StandardCharsets.UTF_8), expected);
    }

    /** Adds a well-formed POST request with a body of any bytes. */
    void post(String path, String name, byte[] body, String expected) {
        String head = head("POST " + path, "Content-Length: " + body.length, "Connection: close");
        byte[] start = head.getBytes(StandardCharsets.US_ASCII);
        byte[] sent = new byte[start.length + body.length];
        System.arraycopy(start, 0, sent, 0, start.length);
        System.arraycopy(body, 0, sent, start.length, body.length);
        attacks.add(new Attack(kind, name, Port.HTTP, sent, expected + " closed"));
    }

    /** Adds lines from an authorized client. */
    void lines(String name, String lines, String expected) {
        rawLines(
                name,
                "{\"authorize\":\"%s\"}\n%s\n".formatted(AttackedServer.TOKEN, lines),
                expected);
    }

    /** Adds bytes on the port of the line protocol. */
    void rawLines(String name, String sent, String expected) {
        rawLines(name, sent.getBytes(StandardCharsets.UTF_8), expected);
    }

    /** Adds any bytes on the port of the line protocol. */
    void rawLines(String name, byte[] sent, String expected) {
        attacks.add(new Attack(kind, name, Port.LINES, sent, expected));
    }

    /** The head of a request with the right host and token. */
    static String head(String methodAndTarget, String... headers) {
        String own = "Host: localhost\r\nAuthorization: Bearer %s".formatted(AttackedServer.TOKEN);
        return rawHead(methodAndTarget + " HTTP/1.1", own, String.join("\r\n", headers));
    }

    /** The head of a request: its lines, each ended as HTTP demands; empty ones are left out. */
    static String rawHead(String... lines) {
        StringBuilder head = new StringBuilder();
        for (String line : lines) {
            if (!line.isEmpty()) {
                head.append(line).append("\r\n");
            }
        }
        return head.append("\r\n").toString();
    }
}
