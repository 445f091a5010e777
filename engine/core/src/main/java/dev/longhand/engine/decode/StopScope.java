package dev.longhand.engine.decode;

import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.engine.tokenizer.StopMatcher;

import org.jspecify.annotations.Nullable;

/** The part of an output in which stop strings are searched: all of it, or all but the thought. */
final class StopScope {
    /** No stop string contains this byte, since UTF-8 never does; it resets a matcher. */
    private static final byte NEVER_IN_UTF8 = (byte) 0xff;

    private final @Nullable ThoughtTracker thought;
    private boolean begun;
    private boolean thinking;

    /**
     * Creates the scope of an empty output.
     *
     * @param thought the tracker of the output, to which the caller adds each token first; null
     *     includes thoughts
     */
    StopScope(@Nullable ThoughtTracker thought) {
        this.thought = thought;
        begun = thought != null && thought.begun();
        thinking = thought != null && thought.thinking();
    }

    /**
     * Returns the first byte of the next token in which stop strings are searched, {@code length}
     * if there is none. A stop string that began before skipped bytes does not continue after them.
     *
     * @param length bytes of the token
     */
    int firstByte(int length, StopMatcher stops) {
        if (thought == null) {
            return 0;
        }
        boolean mayEnd = thinking || !begun;
        begun = thought.begun();
        thinking = thought.thinking();
        int first = thinking ? length : mayEnd && begun ? thought.endBytes() : 0;
        if (thinking || first > 0) {
            stops.accept(NEVER_IN_UTF8);
        }
        return Math.min(first, length);
    }
}
