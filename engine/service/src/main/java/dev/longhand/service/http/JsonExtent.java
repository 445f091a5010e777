package dev.longhand.service.http;

/** Finds the end of a JSON object or list at the beginning of a text that grows. */
final class JsonExtent {
    private int scanned;
    private int depth;
    private final JsonStrings strings = new JsonStrings();

    /** Returns the index after the value, or -1 while it has no end. */
    int end(CharSequence text) {
        while (scanned < text.length()) {
            char next = text.charAt(scanned++);
            if (strings.take(next)) {
                continue;
            }
            if (next == '{' || next == '[') {
                depth++;
            } else if ((next == '}' || next == ']') && --depth == 0) {
                return scanned;
            }
        }
        return -1;
    }
}
