package dev.longhand.service.http;

/** Follows a JSON text, character by character, and tells which of them belong to strings. */
final class JsonStrings {
    private boolean inside;
    private boolean escaped;

    /** Takes the next character; returns whether it belongs to a string, as its quotes do. */
    boolean take(char next) {
        if (!inside) {
            inside = next == '"';
            return inside;
        }
        inside = escaped || next != '"';
        escaped = !escaped && next == '\\';
        return true;
    }
}
