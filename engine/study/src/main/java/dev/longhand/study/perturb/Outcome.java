package dev.longhand.study.perturb;

import java.util.List;
import java.util.Locale;

/**
 * What became of a message.
 *
 * @param fate whether the operator applied
 * @param result the message afterwards
 * @param sourceIds the ids of the samples that gave steps, one for each step
 */
public record Outcome(Fate fate, Perturbed result, List<String> sourceIds) {
    public Outcome {
        sourceIds = List.copyOf(sourceIds);
    }

    /** Whether an operator applied to a message, or why not. */
    public enum Fate {
        /** It applied, perhaps without touching anything. */
        APPLIED,
        /** The message has no thought between tags. */
        UNTAGGED,
        /** The steps of the thought are not known, or are those of another text. */
        UNDIVIDED,
        /** What the model wrote is no rewriting of the message. */
        REFUSED;

        String jsonName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    static Outcome applied(Perturbed result) {
        return new Outcome(Fate.APPLIED, result, List.of());
    }

    static Outcome unchanged(Fate fate, String message) {
        return new Outcome(fate, Perturbed.untouched(message, 0), List.of());
    }
}
