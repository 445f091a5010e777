package dev.longhand.engine.decode;

import dev.longhand.engine.generation.FinishReason;

/**
 * Limit for the output of a sequence.
 *
 * @param tokens most tokens to generate; 0 only computes the prompt
 * @param declared whether the request declares its length. Then pages for all of it are reserved
 *     when the sequence starts; otherwise it takes pages as it grows, and may be paused
 * @param reason reason reported at the limit
 */
public record OutputLimit(int tokens, boolean declared, FinishReason reason) {
    /** Tokens to sample at most: at least one, which an empty output discards. */
    int sampled() {
        return Math.max(1, tokens);
    }
}
