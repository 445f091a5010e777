package dev.longhand.training.model;

/**
 * A tokenised demonstration with the tokens to learn. Do not change the arrays.
 *
 * @param ids token ids, at least 2
 * @param labels one per token: the token's id where it is learned, else {@link #NO_LABEL}. Row
 *     {@code t - 1} predicts {@code labels[t]}, so {@code labels[0]} never counts
 * @param labelWeight weight of each label in the loss of the step, greater than 0. The caller
 *     computes it from the whole step before the first forward pass
 * @param dropoutKey key of this sequence's dropout masks, equal whenever the sequence is repeated
 *     in the same step
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record TrainingSequence(int[] ids, int[] labels, double labelWeight, long dropoutKey) {
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
    }
}
