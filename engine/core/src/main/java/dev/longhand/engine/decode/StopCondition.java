package dev.longhand.engine.decode;

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

    /**
     * Creates the condition of one sequence.
     *
     * @param eosTokens tokens that end it; empty if end tokens are ignored
     * @param table bytes of every token; null without a tokenizer
     * @param stops strings that end the text; they require a table
     */
    public StopCondition(List<Integer> eosTokens, @Nullable TokenTable table, List<String> stops) {
        this.eosTokens = eosTokens.stream().mapToInt(Integer::intValue).toArray();
        this.table = table;
        this.stops = stops.isEmpty() ? null : new StopMatcher(stops);
    }

    /** Adds the next output token; returns whether the sequence ends with it. */
    boolean endsWith(int token) {
        for (int eos : eosTokens) {
            if (token == eos) {
                return true;
            }
        }
        if (stops == null || table == null || table.isSpecial(token)) {
            return false;
        }
        for (int i = 0; i < table.length(token); i++) {
            if (stops.accept(table.byteAt(token, i))) {
                return true;
            }
        }
        return false;
    }
}
