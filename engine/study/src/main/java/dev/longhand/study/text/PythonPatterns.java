package dev.longhand.study.text;

import java.util.regex.Pattern;

/** Patterns with the meaning that they have in Python: Unicode classes, only {@code \n} ends. */
public final class PythonPatterns {
    private PythonPatterns() {}

    /**
     * Compiles a pattern.
     *
     * @throws java.util.regex.PatternSyntaxException if it is no pattern
     */
    public static Pattern of(String pattern) {
        return of(pattern, 0);
    }

    /**
     * Compiles a pattern with flags of {@link Pattern}.
     *
     * @throws java.util.regex.PatternSyntaxException if it is no pattern
     */
    public static Pattern of(String pattern, int flags) {
        return Pattern.compile(
                pattern, Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS | flags);
    }
}
