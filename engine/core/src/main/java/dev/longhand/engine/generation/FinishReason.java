package dev.longhand.engine.generation;

import java.util.Locale;

/** The reason why a generation ended. */
public enum FinishReason {
    /** An end-of-sequence token or a stop string. */
    STOP,
    /** The token limit of the request. */
    LENGTH,
    /** The context limit of the engine. */
    CONTEXT,
    /** The output loops, by the request's {@link LoopRule}. */
    LOOP,
    /** The time limit of the request. */
    DEADLINE,
    /** Cancellation by the caller, or the engine was closed. */
    CANCELLED;

    /** The name in JSON. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
