package dev.longhand.training.data;

/** The turns of the assistant that are learned. */
public enum LearnedTurns {
    ALL,
    LAST
}
