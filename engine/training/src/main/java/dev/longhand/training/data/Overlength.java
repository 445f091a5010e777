package dev.longhand.training.data;

/** The treatment of a demonstration with more tokens than the limit. */
public enum Overlength {
    /** It is left out and counted. */
    DROP,

    /** Its end is cut off, so that it teaches no end token; counted. */
    TRUNCATE,

    /** It is an error. */
    RAISE
}
