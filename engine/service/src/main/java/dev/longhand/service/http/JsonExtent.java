package dev.longhand.service.http;

/** Finds the end of a JSON object or list at the beginning of a text that grows. */
final class JsonExtent {
    private int scanned;
    private int depth;
    private boolean inString;
    private boolean escaped;

    /** Returns the index after the value, or -1 while it has no end. */
    int end(CharSequence text) {
        while (scanned < text.length()) {
            char next = text.charAt(scanned++);
            if (inString) {
                inString = escaped || next != '"';
                escaped = !escaped && next == '\\';
            } else if (next == '"') {
                inString = true;
            } else if (next == '{' || next == '[') {
                depth++;
            } else if ((next == '}' || next == ']') && --depth == 0) {
                return scanned;
            }
        }
        return -1;
    }
}
