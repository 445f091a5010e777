package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;

import java.util.ArrayList;
import java.util.List;

/**
 * Replaces each standalone number, with a probability, by a whole number from 0 to 10, which may be
 * the old one.
 *
 * <p>A number is a run of ASCII digits, perhaps with a dot and more digits, and has no letter,
 * digit or underscore at either side. Where the form with a dot has one at its right side, the run
 * before the dot stands alone. Signs, commas between thousands and exponents do not belong to it.
 */
public final class DigitCorruption {
    private static final int REPLACEMENTS = 11;

    private DigitCorruption() {}

    /** Corrupts the numbers within a part of a message. */
    public static Perturbed apply(String message, Span scope, double ratio, SeededStream random) {
        TextEdits edits = new TextEdits(message);
        List<Span> numbers = numbers(message, scope);
        int touched = 0;
        int changed = 0;
        for (Span number : numbers) {
            if (random.uniform() < ratio) {
                String replacement = Integer.toString(random.below(REPLACEMENTS));
                touched++;
                if (!replacement.equals(number.of(message))) {
                    changed++;
                    edits.replace(number, replacement);
                }
            }
        }
        return edits.finish(numbers.size(), touched, changed);
    }

    /** The numbers that lie within a part of a text, from left to right. */
    static List<Span> numbers(String text, Span scope) {
        List<Span> numbers = new ArrayList<>();
        for (int at = scope.start(); at < scope.end(); ) {
            if (!isDigit(text, at)) {
                at++;
                continue;
            }
            int whole = pastDigits(text, at);
            int end = whole;
            if (!wordBefore(text, at)) {
                end = end(text, whole);
                if (end > 0 && end <= scope.end()) {
                    numbers.add(new Span(at, end));
                }
            }
            at = Math.max(end, whole);
        }
        return numbers;
    }

    /** The end of a number whose first run of digits ends at {@code whole}; 0 if it is none. */
    private static int end(String text, int whole) {
        if (whole < text.length() && text.charAt(whole) == '.' && isDigit(text, whole + 1)) {
            int fraction = pastDigits(text, whole + 1);
            return wordAt(text, fraction) ? whole : fraction;
        }
        return wordAt(text, whole) ? 0 : whole;
    }

    private static int pastDigits(String text, int from) {
        int at = from;
        while (isDigit(text, at)) {
            at++;
        }
        return at;
    }

    private static boolean isDigit(String text, int at) {
        return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
    }

    private static boolean wordAt(String text, int at) {
        return at < text.length() && isWord(text.codePointAt(at));
    }

    private static boolean wordBefore(String text, int at) {
        return at > 0 && isWord(text.codePointBefore(at));
    }

    private static boolean isWord(int codePoint) {
        return codePoint == '_' || Character.isLetterOrDigit(codePoint);
    }
}
