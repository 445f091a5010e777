package dev.longhand.training.run;

import org.jspecify.annotations.Nullable;

/**
 * The division of the demonstrations into steps. A step takes {@code microBatch * accumulate}
 * sequences; its cut into micro-batches changes no bit of the result.
 *
 * @param microBatch sequences in one pass of the model
 * @param accumulate passes in one step
 * @param epochs rounds over all demonstrations
 * @param steps number of steps, in place of {@code epochs}; null if epochs decide
 * @param normalisation the weight of a label
 * @param promptLossWeight weight of a token of the prompt over that of a label, from 0 to 1; with 0
 *     the prompt is not learned
 * @param shuffle whether each epoch has an order of its own
 * @param seed key of the orders and of dropout
 * @param remainder whether the rest of an epoch, less than a step, is a step of its own
 */
public record Batches(
        int microBatch,
        int accumulate,
        int epochs,
        @Nullable Integer steps,
        Normalisation normalisation,
        double promptLossWeight,
        boolean shuffle,
        long seed,
        boolean remainder) {
    /** The weight of a label in the loss of a step. */
    public enum Normalisation {
        /**
         * Mean over the labels of a sequence, each with its weight, then over the sequences of the
         * step.
         */
        SEQUENCE,

        /** Mean over all labels of the step, each with its weight. */
        TOKEN
    }

    /** The settings of the study: 96 sequences a step, three epochs. */
    public static final Batches DEFAULT =
            new Batches(1, 96, 3, null, Normalisation.SEQUENCE, 0, true, 42, true);

    public Batches {
        if (microBatch < 1 || accumulate < 1 || epochs < 1 || (steps != null && steps < 1)) {
            throw new IllegalArgumentException(
                    "microBatch %d, accumulate %d, epochs %d, steps %s"
                            .formatted(microBatch, accumulate, epochs, steps));
        }
        if (!(promptLossWeight >= 0 && promptLossWeight <= 1)) {
            throw new IllegalArgumentException("promptLossWeight " + promptLossWeight);
        }
    }

    /** Returns the number of sequences of a whole step. */
    public int sequences() {
        return Math.multiplyExact(microBatch, accumulate);
    }
}
