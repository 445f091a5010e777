package dev.longhand.engine.file;

/** Sanitises text from untrusted files for one-line error messages. */
public final class ErrorText {
    /** Limit in characters; any honest tensor name or key is shorter. */
    private static final int CHARS_MAX = 120;

    private ErrorText() {}

    /**
     * Returns the text in quotation marks, with control characters escaped, cut to 120 characters.
     */
    public static String quote(String text) {
        return '"' + line(text) + '"';
    }

    /** Returns the text on one line, with control characters escaped, cut to 120 characters. */
    public static String line(String text) {
        StringBuilder line = new StringBuilder();
        int end = Math.min(text.length(), CHARS_MAX);
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (Character.isISOControl(c) || Character.getType(c) == Character.FORMAT) {
                line.append("\\u%04x".formatted((int) c));
            } else {
                line.append(c);
            }
        }
        return end < text.length() ? line.append("…").toString() : line.toString();
    }
}
