package dev.longhand.engine.generation;

import java.util.Locale;

/** Why a generation ended. */
public enum FinishReason {
    /** An end-of-sequence token or a stop string. */
    STOP,
    /** The request's own limit of tokens. */
    LENGTH,
    /** The engine's context was full. */
    CONTEXT,
    /** The output goes in circles, by the request's own {@link LoopRule}. */
    LOOP,
    /** The request's own time was over. */
    DEADLINE,
    /** The caller cancelled, or the engine closed. */
    CANCELLED;

    /** The name in JSON. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
