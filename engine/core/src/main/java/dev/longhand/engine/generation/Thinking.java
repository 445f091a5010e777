package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

/**
 * Limits and markers of a request's thought.
 *
 * @param budgetTokens limit for the tokens of the thought, 0 or more; null is none. At the limit
 *     the engine writes the closing text, one token per step; it counts as output
 * @param markers texts around the thought; null takes those of the model: {@link
 *     ThoughtMarkers#THINK} if the vocabulary has a token for its end or the chat template speaks
 *     of it; else {@link ThoughtMarkers#SKY_T1} or {@link ThoughtMarkers#S1}, whichever begins
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

    /** Limits the thought, with the model's markers. */
    public static Thinking budget(int tokens) {
        return new Thinking(tokens, null);
    }

    /** Whether a request says anything about its thought, and so expects one. */
    public boolean expected() {
        return budgetTokens != null || markers != null;
    }
}
