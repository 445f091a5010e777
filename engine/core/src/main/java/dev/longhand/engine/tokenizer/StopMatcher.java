package dev.longhand.engine.tokenizer;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A matcher that finds the first of several strings in a stream of bytes, across token boundaries.
 * It runs one Knuth-Morris-Pratt automaton per string, with constant amortised work per byte and no
 * allocation.
 */
public final class StopMatcher {
    private final byte[][] patterns;
    private final int[][] failures;
    private final int[] matched;
    private int matchedLength;
    private int matchedIndex;

    /** Creates a matcher for the UTF-8 bytes of non-empty strings. */
    public StopMatcher(List<String> strings) {
        patterns = new byte[strings.size()][];
        failures = new int[strings.size()][];
        matched = new int[strings.size()];
        for (int i = 0; i < patterns.length; i++) {
            patterns[i] = strings.get(i).getBytes(StandardCharsets.UTF_8);
            failures[i] = failures(patterns[i]);
        }
    }

    /** Returns, for each prefix, the length of its longest proper border. */
    private static int[] failures(byte[] pattern) {
        int[] failures = new int[pattern.length];
        int border = 0;
        for (int i = 1; i < pattern.length; i++) {
            while (border > 0 && pattern[i] != pattern[border]) {
                border = failures[border - 1];
            }
            if (pattern[i] == pattern[border]) {
                border++;
            }
            failures[i] = border;
        }
        return failures;
    }

    /** Consumes a byte; returns whether a string ends with it. */
    public boolean accept(byte next) {
        matchedLength = 0;
        for (int i = 0; i < patterns.length; i++) {
            byte[] pattern = patterns[i];
            int length = matched[i];
            while (length > 0 && (length == pattern.length || next != pattern[length])) {
                length = failures[i][length - 1];
            }
            if (next == pattern[length]) {
                length++;
            }
            matched[i] = length;
            if (length == pattern.length && length > matchedLength) {
                matchedLength = length;
                matchedIndex = i;
            }
        }
        return matchedLength > 0;
    }

    /**
     * Returns the length in bytes of the string that has just ended, the longest if there are
     * several.
     */
    public int matchedLength() {
        return matchedLength;
    }

    /** Returns the index of the string that has just ended, the longest if there are several. */
    public int matched() {
        return matchedIndex;
    }

    /** Returns the number of trailing bytes of the stream that may be the beginning of a string. */
    public int pendingLength() {
        int pending = 0;
        for (int length : matched) {
            pending = Math.max(pending, length);
        }
        return pending;
    }
}
