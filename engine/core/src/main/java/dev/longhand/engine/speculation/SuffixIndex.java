package dev.longhand.engine.speculation;

/**
 * The tokens of one sequence, and an earlier occurrence of its last tokens (prompt lookup). Two
 * hash tables map two and three consecutive tokens to the position after their last occurrence. A
 * match found there is extended with every token that continues it, so a long match is a reliable
 * one. When a token breaks the match, the tables are searched again. All arrays are allocated once:
 * appending a token takes O(1) and allocates nothing.
 */
final class SuffixIndex {
    private static final int SHORT = 2;
    private static final int LONG = 3;

    /**
     * The most tokens by which a new match is extended backwards; a longer match would not be
     * trusted more.
     */
    private static final int EXTENSION_MAX = 16;

    /** The fewest entries of a table. Between the limits a table has 2 to 4 entries per token. */
    private static final int ENTRIES_MIN = 1 << 10;

    /** The most entries of a table: 512 KiB. On a hash collision the later occurrence stays. */
    private static final int ENTRIES_MAX = 1 << 17;

    private static final int SPREAD = 0x9E3779B9; // 2^32 over the golden ratio

    private final int[] tokens;
    private final int[] afterTwo; // the position after the last two tokens with this hash; 0: none
    private final int[] afterThree;
    private final int shift;
    private int count;
    private int source = -1; // the position that predicts the next token; -1: no match
    private int matched; // tokens before it that equal the last tokens

    /** Creates an empty index for at most {@code tokensMax} tokens. */
    SuffixIndex(int tokensMax) {
        tokens = new int[tokensMax];
        int wanted = 4 * Integer.highestOneBit(Math.min(tokensMax, ENTRIES_MAX));
        int entries = Math.clamp(wanted, ENTRIES_MIN, ENTRIES_MAX);
        shift = Integer.SIZE - Integer.numberOfTrailingZeros(entries);
        afterTwo = new int[entries];
        afterThree = new int[entries];
    }

    /** Appends a token. */
    void append(int token) {
        if (count >= SHORT) { // this token follows the ones so far
            afterTwo[hash(SHORT)] = count;
            afterThree[hash(LONG)] = count;
        }
        boolean continues = source >= 0 && tokens[source] == token;
        tokens[count++] = token;
        if (continues) {
            source++;
            matched++;
        } else {
            find();
        }
    }

    private void find() {
        source = -1;
        matched = 0;
        if (count >= SHORT) {
            follow(afterThree[hash(LONG)], LONG);
            if (source < 0) {
                follow(afterTwo[hash(SHORT)], SHORT);
            }
        }
    }

    private void follow(int after, int least) {
        int length = 0;
        // An entry of 0 is empty, and another may belong to other tokens with the same hash.
        while (length < Math.min(after, EXTENSION_MAX)
                && tokens[after - 1 - length] == tokens[count - 1 - length]) {
            length++;
        }
        if (length >= least) {
            source = after;
            matched = length;
        }
    }

    /** Hashes the last {@code length} tokens; only two if there are no more. */
    private int hash(int length) {
        int hash = tokens[count - 1] * SPREAD + tokens[count - 2];
        if (length == LONG && count >= LONG) {
            hash = hash * SPREAD + tokens[count - LONG];
        }
        return (hash * SPREAD) >>> shift;
    }

    /** Returns how many of the last tokens the earlier occurrence repeats; 0 without a match. */
    int matched() {
        return matched;
    }

    /**
     * Returns the token at an index, from 0, after the earlier occurrence. Beyond the last token of
     * the sequence the draft repeats itself, as in a loop. Requires a match.
     */
    int draftToken(int index) {
        return tokens[source + index % (count - source)];
    }
}
