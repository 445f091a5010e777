package dev.longhand.study.keywords;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Counts the {@link ReflectionKeywords} of a text that arrives in pieces. The counts equal those of
 * the whole text, wherever it is cut. The counter keeps only the end of the text.
 */
public final class KeywordCounter {
    private static final int PHRASE_CHARACTERS_MAX = ReflectionKeywords.PHRASES.getFirst().length();

    /** The number of pending characters that triggers a search. */
    private static final int SEARCH_CHARACTERS = 512;

    private final StringBuilder text = new StringBuilder();
    private final int[] counts = new int[ReflectionKeywords.PHRASES.size()];

    /**
     * The index at which the next search starts. The character before it is kept, since a letter
     * there prevents a match.
     */
    private int from;

    /** Creates a counter of an empty text. */
    public KeywordCounter() {}

    /** Appends a piece of text. */
    public void append(String piece) {
        text.append(piece);
        if (text.length() >= SEARCH_CHARACTERS) {
            // Phrases that begin before this are complete, and so is the character after each.
            count(text.length() - PHRASE_CHARACTERS_MAX);
            text.delete(0, Math.max(0, from - 1));
            from = Math.min(from, 1);
        }
    }

    /** Ends the text and returns its counts. */
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
        while (from < end) {
            int phrase = ReflectionKeywords.phraseAt(text, from);
            if (phrase >= 0) {
                counts[phrase]++;
                from += ReflectionKeywords.PHRASES.get(phrase).length();
            } else {
                from++;
            }
        }
    }
}
