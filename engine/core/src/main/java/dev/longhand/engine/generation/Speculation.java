package dev.longhand.engine.generation;

/**
 * Whether the next tokens are guessed from earlier parts of the same sequence and checked several
 * in one step. It changes nothing but the time: a guess is kept only where it is the token that
 * would have been drawn anyway.
 */
public enum Speculation {
    /** One token per step. */
    OFF,
    /** Whatever is likely enough to come is guessed, whatever it costs. */
    ON,
    /** Guesses where measured step times and the hits so far say that they pay. */
    AUTO
}
