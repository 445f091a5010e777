package dev.longhand.engine.decode;

import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.engine.tokenizer.StopMatcher;
import dev.longhand.engine.tokenizer.TokenTable;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * The stop condition of one sequence: an end-of-sequence token, or a text that completes a stop
 * string. The text is matched as bytes, so a stop string may span several tokens.
 */
public final class StopCondition {
    private final int[] eosTokens;
    private final @Nullable TokenTable table;
    private final @Nullable StopMatcher stops;
    private final StopScope scope;

    /**
     * Creates the condition of one sequence whose stop strings may end thoughts.
     *
     * @param eosTokens tokens that end it; empty if end tokens are ignored
     * @param table bytes of every token; null without a tokenizer
     * @param stops strings that end the text; they require a table
     */
    public StopCondition(List<Integer> eosTokens, @Nullable TokenTable table, List<String> stops) {
        this(eosTokens, table, stops, null);
    }

    /**
     * Creates the condition of one sequence.
     *
     * @param exempt the tracker of a thought that stop strings do not end; each token is added to
     *     it before {@link #endsWith}. Null if they may end thoughts
     */
    public StopCondition(
            List<Integer> eosTokens,
            @Nullable TokenTable table,
            List<String> stops,
            @Nullable ThoughtTracker exempt) {
        this.eosTokens = eosTokens.stream().mapToInt(Integer::intValue).toArray();
        this.table = table;
        this.stops = stops.isEmpty() ? null : new StopMatcher(stops);
        scope = new StopScope(exempt);
    }

    /** Adds the next output token; returns whether the sequence ends with it. */
    boolean endsWith(int token) {
        for (int eos : eosTokens) {
            if (token == eos) {
                return true;
            }
        }
        if (stops == null || table == null) {
            return false;
        }
        int first = scope.firstByte(table.length(token), stops);
        if (table.isSpecial(token)) {
            return false;
        }
        for (int i = first; i < table.length(token); i++) {
            if (stops.accept(table.byteAt(token, i))) {
                return true;
            }
        }
        return false;
    }
}
