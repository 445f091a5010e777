package dev.longhand.engine.speculation;

/**
 * The tokens of one sequence and where its end has stood before: prompt lookup. Two tables know
 * after which position the last occurrence of every two and of every three tokens ended. Once a
 * match is found it is followed token by token, so that its length, and with it the trust in it,
 * grows; when it breaks the tables are asked again. All arrays are sized once: adding a token takes
 * O(1) and allocates nothing.
 */
final class SuffixIndex {
    private static final int SHORT = 2;
    private static final int LONG = 3;

    /** Matches are extended backwards up to here; longer ones are trusted alike. */
    private static final int EXTENSION_MAX = 16;

    /**
     * Entries per table, 2 to 4 per token: what another occurrence of the same hash overwrites is
     * forgotten. At most 512 KiB each.
     */
    private static final int ENTRIES_MIN = 1 << 10;

    private static final int ENTRIES_MAX = 1 << 17;

    private static final int SPREAD = 0x9E3779B9; // 2^32 over the golden ratio

    private final int[] tokens;
    private final int[] afterTwo; // the position after the last two tokens with this hash; 0: none
    private final int[] afterThree;
    private final int shift;
    private int count;
    private int source = -1;
    private int matched;

    /** An index of nothing yet, for so many tokens at most. */
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
        if (count >= SHORT) { // the tokens so far are followed by this one
            afterTwo[hash(SHORT)] = count;
            afterThree[hash(LONG)] = count;
        }
        boolean goesOn = source >= 0 && tokens[source] == token;
        tokens[count++] = token;
        if (goesOn) {
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
        // Position 0 follows nothing; a hash may be that of other tokens.
        while (length < Math.min(after, EXTENSION_MAX)
                && tokens[after - 1 - length] == tokens[count - 1 - length]) {
            length++;
        }
        if (length >= least) {
            source = after;
            matched = length;
        }
    }

    /** Of the last {@code length} tokens; the last two are all there may be. */
    private int hash(int length) {
        int hash = tokens[count - 1] * SPREAD + tokens[count - 2];
        if (length == LONG && count >= LONG) {
            hash = hash * SPREAD + tokens[count - LONG];
        }
        return (hash * SPREAD) >>> shift;
    }

    /** How many tokens at the end stood together before; 0 if there is nothing to go by. */
    int matched() {
        return matched;
    }

    /**
     * What came then as number {@code ahead} from 0; beyond the end, the guess itself goes on
     * likewise, as in a loop.
     */
    int guess(int ahead) {
        return tokens[source + ahead % (count - source)];
    }
}
