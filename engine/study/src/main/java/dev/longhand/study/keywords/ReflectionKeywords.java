package dev.longhand.study.keywords;

import dev.longhand.engine.file.Sha256;

import java.util.List;

/**
 * Phrases that mark reflection in a chain of thought. The study counts such phrases, but its list
 * is not public; this list is consistent with its published outputs.
 */
public final class ReflectionKeywords {
    /** The phrases, longest first: of two that start at the same character the longer counts. */
    public static final List<String> PHRASES =
            List.of(
                    "let me just double-check",
                    "let me double-check",
                    "let me double check",
                    "let me reconsider",
                    "on second thought",
                    "another approach",
                    "let me verify",
                    "alternatively",
                    "let me check",
                    "let me think",
                    "double-check",
                    "double check",
                    "let me try",
                    "let me see",
                    "hold on",
                    "perhaps",
                    "maybe",
                    "wait",
                    "hmm");

    /** Identifies the list: the first 16 hexadecimal digits of the SHA-256 of its lines. */
    public static final String LIST_HASH = Sha256.hex(String.join("\n", PHRASES)).substring(0, 16);

    private static final boolean[] IS_INITIAL = new boolean['z' + 1];

    static {
        PHRASES.forEach(phrase -> IS_INITIAL[phrase.charAt(0)] = true);
    }

    private ReflectionKeywords() {}

    /**
     * Returns the phrase at a place, by its index; -1 if none begins there. No ASCII letter may
     * stand before or after it; upper case counts as lower case.
     */
    static int phraseAt(CharSequence text, int at) {
        int initial = lower(text.charAt(at));
        if (initial >= IS_INITIAL.length
                || !IS_INITIAL[initial]
                || (at > 0 && isLetter(text.charAt(at - 1)))) {
            return -1;
        }
        for (int i = 0; i < PHRASES.size(); i++) {
            if (isAt(text, at, PHRASES.get(i))) {
                return i;
            }
        }
        return -1;
    }

    private static boolean isAt(CharSequence text, int at, String phrase) {
        int end = at + phrase.length();
        if (end > text.length()) {
            return false;
        }
        for (int i = 0; i < phrase.length(); i++) {
            if (lower(text.charAt(at + i)) != phrase.charAt(i)) {
                return false;
            }
        }
        return end == text.length() || !isLetter(text.charAt(end));
    }

    private static int lower(char c) {
        return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
    }

    private static boolean isLetter(char c) {
        int lower = lower(c);
        return lower >= 'a' && lower <= 'z';
    }

    /** Counts occurrences as whole words, left to right without overlap. */
    public static long count(String text) {
        long count = 0;
        for (int at = 0; at < text.length(); at++) {
            int phrase = phraseAt(text, at);
            if (phrase >= 0) {
                count++;
                at += PHRASES.get(phrase).length() - 1;
            }
        }
        return count;
    }
}
