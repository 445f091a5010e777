package dev.longhand.kernels.sampling;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Biases of one sequence: those of its parameters, and bans of tokens before a position. Entries
 * from {@link #first} to {@link #end} apply at a position; each token is in them once.
 *
 * <p>The entries are bans, then the biases of other tokens, then those of banned tokens. So the
 * entries before and after the end of the bans are one range each.
 */
public final class LogitBiases {
    /** Limit for the banned tokens of a sequence. */
    public static final int BANNED_MAX = 212;

    /** Limit for the entries of a sequence. */
    public static final int ENTRIES_MAX = SamplingParams.LOGIT_BIAS_TOKENS_MAX + BANNED_MAX;

    /** Finite, as all logits are; no other bias or penalty makes up for it. */
    private static final float BAN = -1e30f;

    private final int[] tokens;
    private final float[] values;
    private final int bans;
    private final int whileBanned; // number of entries that apply while tokens are banned
    private final long bannedBefore;

    /**
     * Creates the biases of a sequence.
     *
     * @param biases by token id
     * @param banned tokens that are never sampled before the position, at most {@link #BANNED_MAX}
     * @param bannedBefore position in the sequence
     */
    LogitBiases(Map<Integer, Float> biases, int[] banned, long bannedBefore) {
        Set<Integer> bannedTokens = new HashSet<>();
        Arrays.stream(banned).forEach(bannedTokens::add);
        if (bannedTokens.size() > BANNED_MAX) {
            throw new IllegalArgumentException(
                    "at most %d tokens can be banned, not %d"
                            .formatted(BANNED_MAX, bannedTokens.size()));
        }
        List<Integer> order = new ArrayList<>(bannedTokens);
        bans = order.size();
        biases.keySet().stream().filter(token -> !bannedTokens.contains(token)).forEach(order::add);
        whileBanned = order.size();
        biases.keySet().stream().filter(bannedTokens::contains).forEach(order::add);
        tokens = order.stream().mapToInt(Integer::intValue).toArray();
        values = new float[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            values[i] = i < bans ? BAN : biases.getOrDefault(tokens[i], 0f);
        }
        this.bannedBefore = bannedBefore;
    }

    /** Number of entries. */
    public int size() {
        return tokens.length;
    }

    /** The first entry that applies at a position. */
    public int first(long position) {
        return position < bannedBefore ? 0 : bans;
    }

    /** The end of the entries that apply at a position. */
    public int end(long position) {
        return position < bannedBefore ? whileBanned : tokens.length;
    }

    /** The token of an entry. */
    public int token(int entry) {
        return tokens[entry];
    }

    /** The value that an entry adds to the logit of its token. */
    public float value(int entry) {
        return values[entry];
    }

    /** Throws if a token of an entry is not in the vocabulary. */
    void requireWithin(int vocabulary) {
        for (int token : tokens) {
            if (token >= vocabulary) {
                throw new IllegalArgumentException(
                        "token %d has a logit bias, but only tokens below %d can be sampled"
                                .formatted(token, vocabulary));
            }
        }
    }
}
