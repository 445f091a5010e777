package dev.longhand.training.model;

/**
 * Training of all weights, with masters in F32.
 *
 * @param bf16 whether products read BF16 copies of the matrices, rounded from the masters once per
 *     update; otherwise they read the masters
 */
public record FullSettings(boolean bf16) implements TrainingMethod {}
