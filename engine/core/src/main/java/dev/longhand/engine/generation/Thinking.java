package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * Limits and markers of a request's thought.
 *
 * @param budgetTokens limit for the tokens of the thought, 0 or more; null is none. At the limit
 *     the engine writes the closing text, one token per step; it counts as output
 * @param markers texts around the thought; null takes those of the model
 */
public record Thinking(@Nullable Integer budgetTokens, @Nullable ThoughtMarkers markers) {
    /** No limit, with the model's markers. */
    public static final Thinking DEFAULT = new Thinking(null, null);

    public Thinking {
        if (budgetTokens != null && budgetTokens < 0) {
            throw new InputException(
                    "the thinking budget must be 0 or more tokens, not " + budgetTokens);
        }
    }

    /**
     * Returns the markers of this request, or those of the model: {@link ThoughtMarkers#THINK} if
     * the vocabulary has a token for its end, else {@link ThoughtMarkers#SKY_T1}, whose markers are
     * ordinary text in any vocabulary.
     */
    public ThoughtMarkers markers(Tokenizer tokenizer) {
        if (markers != null) {
            return markers;
        }
        boolean token = tokenizer.encode(ThoughtMarkers.THINK.end()).length == 1;
        return token ? ThoughtMarkers.THINK : ThoughtMarkers.SKY_T1;
    }

    /** Limits the thought, with the model's markers. */
    public static Thinking budget(int tokens) {
        return new Thinking(tokens, null);
    }

    /** Whether a request says anything about its thought, and so expects one. */
    public boolean expected() {
        return budgetTokens != null || markers != null;
    }
}
