package dev.longhand.engine.generation;

import java.util.Locale;

/** Part of an output that a token belongs to; see {@link Thinking}. */
public enum TextSegment {
    /** The chain of thought, including its end marker. */
    THOUGHT,
    /** The answer, and any text before a thought. */
    ANSWER;

    /** The name in JSON. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
