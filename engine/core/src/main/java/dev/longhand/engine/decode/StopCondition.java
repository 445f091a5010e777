package dev.longhand.engine.decode;

import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.TokenTable;

import org.jspecify.annotations.Nullable;

/**
 * The stop condition of one sequence: an end token, or a text that completes a stop string. The
 * text is matched as bytes, so a stop string may span several tokens.
 */
public final class StopCondition {
    private final StopRules rules;
    private final int[] endTokens;
    private final @Nullable TokenTable table;
    private final @Nullable StopMatcher stops;
    private final StopScope scope;
    private int count; // of the output

    /**
     * Creates the condition of one sequence.
     *
     * @param table bytes of every token; null without a tokenizer, which stop strings require
     * @param exempt the tracker of a thought that stop strings do not end; each token is added to
     *     it before {@link #endsWith}. Null if they may end thoughts
     */
    public StopCondition(
            StopRules rules, @Nullable TokenTable table, @Nullable ThoughtTracker exempt) {
        this.rules = rules;
        endTokens = rules.tokens().stream().mapToInt(Integer::intValue).toArray();
        this.table = table;
        stops = rules.strings().isEmpty() ? null : new StopMatcher(rules.strings());
        scope = new StopScope(exempt);
    }

    /** Adds the next output token; returns whether the sequence ends with it. */
    boolean endsWith(int token) {
        count++;
        for (int end : endTokens) {
            if (token == end && count > rules.tokensLeast()) {
                return true;
            }
        }
        if (stops == null || table == null) {
            return false;
        }
        int first = scope.firstByte(table.length(token), stops);
        if (table.isSpecial(token) && !rules.shows(token)) {
            return false;
        }
        for (int i = first; i < table.length(token); i++) {
            if (stops.accept(table.byteAt(token, i)) && count > rules.tokensLeast()) {
                return true;
            }
        }
        return false;
    }
}
