package dev.longhand.engine.generation;

import java.util.Locale;

/**
 * Which part of an output a token belongs to; see {@link dev.longhand.engine.generation.Thinking}.
 */
public enum TextSegment {
    /** The chain of thought, its end marker included. */
    THOUGHT,
    /** Everything else: the answer, or what comes before a thought. */
    ANSWER;

    /** The name in JSON. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
