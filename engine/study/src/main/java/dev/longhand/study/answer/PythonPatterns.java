package dev.longhand.study.answer;

import java.util.regex.Pattern;

/** Patterns with the meaning that they have in Python: Unicode classes, only {@code \n} ends. */
final class PythonPatterns {
    private PythonPatterns() {}

    static Pattern of(String pattern) {
        return Pattern.compile(pattern, Pattern.UNIX_LINES | Pattern.UNICODE_CHARACTER_CLASS);
    }
}
