package dev.longhand.study.answer;

import dev.longhand.study.text.PythonPatterns;

import org.jspecify.annotations.Nullable;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the last number of a text: an optional minus, digits, an optional point and digits. */
final class LastNumber {
    private static final Pattern NUMBER = PythonPatterns.of("-?\\d*\\.?\\d+");

    private LastNumber() {}

    /** Returns the number without its commas; null if the text has none. */
    static @Nullable String in(String text) {
        int end = text.length();
        while (end > 0 && !Character.isDigit(text.charAt(end - 1))) {
            end--;
        }
        int start = end;
        while (start > 0 && mayBelong(text.charAt(start - 1))) {
            start--;
        }
        Matcher matcher = NUMBER.matcher(text.substring(start, end).replace(",", ""));
        String last = null;
        while (matcher.find()) {
            last = matcher.group();
        }
        return last;
    }

    /**
     * Whether a character may stand in a run of numbers; a search never needs more than the run.
     */
    private static boolean mayBelong(char c) {
        return Character.isDigit(c) || c == '.' || c == ',' || c == '-';
    }
}
