package dev.longhand.service.attack;

import java.nio.charset.StandardCharsets;

/**
 * A hostile message, sent on a connection of its own.
 *
 * @param kind what the attacker attempts
 * @param name distinguishes attacks of one kind
 * @param sent the bytes that the client sends after connecting
 * @param expected the result, as {@link HttpAttempt} or {@link LineAttempt} describes it
 */
record Attack(String kind, String name, Port port, byte[] sent, String expected) {
    /** Where the attack is sent. */
    enum Port {
        HTTP,
        LINES
    }

    /** The result of the attack. */
    String attempt(AttackedProcess server) {
        return port == Port.HTTP
                ? HttpAttempt.result(server, sent, expected)
                : LineAttempt.result(server, sent);
    }

    @Override
    public String toString() {
        String text = new String(sent, StandardCharsets.ISO_8859_1);
        return kind + " / " + name + ": " + text.substring(0, Math.min(text.length(), 300));
    }
}
