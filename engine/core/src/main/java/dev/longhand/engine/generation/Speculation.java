package dev.longhand.engine.generation;

/**
 * Speculative decoding without a draft model: draft tokens come from repetitions in the sequence
 * itself and are verified several per step. Output does not change: a draft token is accepted only
 * if it equals the token that would have been sampled.
 */
public enum Speculation {
    /** One token per step. */
    OFF,
    /** Drafts whenever the sequence suggests a token, whatever the cost. */
    ON,
    /** Drafts where measured step times and the acceptance rate so far promise a gain. */
    AUTO
}
