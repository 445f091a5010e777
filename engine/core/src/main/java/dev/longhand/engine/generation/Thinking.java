package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

/**
 * What a request says about its thought.
 *
 * @param budgetTokens the most tokens that the model may draw for it, 0 or more; then the text that
 *     closes it is written, one token a step, and counts as output like any other. Null is no limit
 * @param markers where it begins and ends; null is as the model has it
 */
public record Thinking(@Nullable Integer budgetTokens, @Nullable ThoughtMarkers markers) {
    /** No limit, and the model's own markers. */
    public static final Thinking DEFAULT = new Thinking(null, null);

    public Thinking {
        if (budgetTokens != null && budgetTokens < 0) {
            throw new InputException(
                    "the thinking budget must be 0 or more tokens, not " + budgetTokens);
        }
    }

    /** A limit, and the model's own markers. */
    public static Thinking budget(int tokens) {
        return new Thinking(tokens, null);
    }
}
