package dev.longhand.engine.file;

/** Makes text from an untrusted file fit for a one-line error message. */
public final class ErrorText {
    /** Enough for any honest tensor name or key. */
    private static final int CHARS_MAX = 120;

    private ErrorText() {}

    /** The text in quotation marks, control characters escaped, cut to 120 characters. */
    public static String quote(String text) {
        return '"' + line(text) + '"';
    }

    /** The text on one line, control characters escaped, cut to 120 characters. */
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
