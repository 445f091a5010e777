package dev.longhand.engine.file;

import java.nio.file.Path;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;

/** Sanitises text from untrusted files for one-line error messages. */
public final class ErrorText {
    /** Limit in characters; any honest tensor name or key is shorter. */
    private static final int CHARS_MAX = 120;

    /** What the JSON parser says of its source where a message names a place. */
    private static final Pattern JSON_SOURCE = Pattern.compile("\\[Source: [^;\\]]*; ");

    private ErrorText() {}

    /**
     * Returns the text in quotation marks, with control characters escaped, cut to 120 characters.
     */
    public static String quote(String text) {
        return '"' + line(text) + '"';
    }

    /** Returns the text on one line, with control characters escaped, cut to 120 characters. */
    public static String line(String text) {
        if (text.length() <= CHARS_MAX) {
            return escape(text);
        }
        boolean split = Character.isHighSurrogate(text.charAt(CHARS_MAX - 1));
        return escape(text.substring(0, split ? CHARS_MAX - 1 : CHARS_MAX)) + "…";
    }

    /**
     * Returns a message of the JSON parser as {@link #line} does, without the words on its source.
     */
    public static String json(String message) {
        return line(JSON_SOURCE.matcher(message).replaceAll("["));
    }

    /** Returns the whole path on one line, with control characters escaped. */
    public static String path(Path path) {
        return escape(path.toString());
    }

    /**
     * Returns the whole text on one line. Characters that a terminal or a log would obey rather
     * than show are escaped: control and format characters, separators, lone surrogates.
     */
    public static String escape(String text) {
        return escape(
                text,
                c ->
                        switch (Character.getType(c)) {
                            case Character.CONTROL,
                                    Character.FORMAT,
                                    Character.LINE_SEPARATOR,
                                    Character.PARAGRAPH_SEPARATOR,
                                    Character.SURROGATE ->
                                    true;
                            default -> false;
                        });
    }

    /** Returns the text with characters escaped that control a terminal; emoji stay whole. */
    public static String escapeControls(String text) {
        return escape(text, Character::isISOControl);
    }

    private static String escape(String text, IntPredicate escaped) {
        StringBuilder line = new StringBuilder();
        text.codePoints()
                .forEach(
                        c -> {
                            if (escaped.test(c)) {
                                line.append("\\u%04x".formatted(c));
                            } else {
                                line.appendCodePoint(c);
                            }
                        });
        return line.toString();
    }
}
