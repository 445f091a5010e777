package dev.longhand.engine.file;

import java.nio.file.Path;
import java.util.function.IntPredicate;

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
        return text.length() <= CHARS_MAX
                ? escape(text)
                : escape(text.substring(0, CHARS_MAX)) + "…";
    }

    /** Returns the whole path on one line, with control characters escaped. */
    public static String path(Path path) {
        return escape(path.toString());
    }

    /** Returns the whole text on one line, with control and format characters escaped. */
    public static String escape(String text) {
        return escape(
                text,
                c ->
                        Character.isISOControl(c)
                                || Character.getType(c) == Character.FORMAT
                                || Character.getType(c) == Character.LINE_SEPARATOR
                                || Character.getType(c) == Character.PARAGRAPH_SEPARATOR);
    }

    /** Returns the text with characters escaped that control a terminal; emoji stay whole. */
    public static String escapeControls(String text) {
        return escape(text, Character::isISOControl);
    }

    private static String escape(String text, IntPredicate escaped) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (escaped.test(c)) {
                line.append("\\u%04x".formatted((int) c));
            } else {
                line.append(c);
            }
        }
        return line.toString();
    }
}
