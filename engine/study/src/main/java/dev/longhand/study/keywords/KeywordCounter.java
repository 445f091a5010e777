package dev.longhand.study.keywords;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;

/**
 * Counts the {@link ReflectionKeywords} of a text that comes in pieces; the counts are those of the
 * whole, wherever it is cut. Holds no more of the text than a phrase may still need.
 */
public final class KeywordCounter {
    private static final int PHRASE_CHARACTERS_MAX = ReflectionKeywords.PHRASES.getFirst().length();

    /** Pieces are looked at together from so many characters on. */
    private static final int LOOK_CHARACTERS = 512;

    private final StringBuilder text = new StringBuilder();
    private final int[] counts = new int[ReflectionKeywords.PHRASES.size()];
    private int
            from; // what comes before was counted; the last of it is kept, since it may be a letter

    /** A counter of an empty text. */
    public KeywordCounter() {}

    /** Appends a piece of text. */
    public void append(String piece) {
        text.append(piece);
        if (text.length() >= LOOK_CHARACTERS) {
            // A phrase that begins here has its end, and the character after it, in the text.
            count(text.length() - PHRASE_CHARACTERS_MAX);
            text.delete(0, Math.max(0, from - 1));
            from = Math.min(from, 1);
        }
    }

    /** The counts, at the end of the text. */
    public KeywordCounts finish() {
        count(text.length());
        Map<String, Integer> byPhrase = new LinkedHashMap<>();
        for (int i = 0; i < counts.length; i++) {
            if (counts[i] > 0) {
                byPhrase.put(ReflectionKeywords.PHRASES.get(i), counts[i]);
            }
        }
        return new KeywordCounts(byPhrase);
    }

    /** Counts the phrases that begin before {@code end}. */
    private void count(int end) {
        Matcher matcher = ReflectionKeywords.PATTERN.matcher(text);
        while (matcher.find(from) && matcher.start() < end) {
            counts[phrase(matcher)]++;
            from = matcher.end();
        }
        from = Math.max(from, end);
    }

    private static int phrase(Matcher matcher) {
        int group = 1;
        while (matcher.start(group) < 0) {
            group++;
        }
        return group - 1;
    }
}
