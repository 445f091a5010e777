package dev.longhand.training.model;

/**
 * A tokenised demonstration with the tokens to learn. Do not change the arrays.
 *
 * @param ids token ids, at least 2
 * @param labels one per token: the token's id where it is learned, else {@link #NO_LABEL}. Row
 *     {@code t - 1} predicts {@code labels[t]}, so {@code labels[0]} never counts
 * @param labelWeight weight of each label in the loss of the step, greater than 0. The caller
 *     computes it from the whole step before the first forward pass
 * @param promptWeight weight of each other token but the first in the loss of the step; with 0 they
 *     are not learned
 * @param dropoutKey key of this sequence's dropout masks, equal whenever the sequence is repeated
 *     in the same step
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TrainingSequence(
        int[] ids, int[] labels, double labelWeight, double promptWeight, long dropoutKey) {
    /** Marks a token that is not learned. */
    public static final int NO_LABEL = -100;

    public TrainingSequence {
        if (ids.length < 2 || labels.length != ids.length) {
            throw new IllegalArgumentException(
                    "%d ids, %d labels".formatted(ids.length, labels.length));
        }
        if (!(labelWeight > 0)) {
            throw new IllegalArgumentException("label weight " + labelWeight);
        }
        if (!(promptWeight >= 0)) {
            throw new IllegalArgumentException("prompt weight " + promptWeight);
        }
    }

    /** Creates a sequence whose prompt is not learned. */
    public TrainingSequence(int[] ids, int[] labels, double labelWeight, long dropoutKey) {
        this(ids, labels, labelWeight, 0, dropoutKey);
    }
}
