package dev.longhand.training.run;

import org.jspecify.annotations.Nullable;

/**
 * The result of a run.
 *
 * @param end the reason for its end
 * @param steps updates of the model, those of earlier processes included
 * @param lastLoss loss of the last step of this process; NaN if it made none
 * @param best the best evaluation, whose weights are in {@code best}; null without evaluations,
 *     where {@code best} holds the last weights
 * @param seconds time that this process took
 */
public record TrainingResult(
        End end, long steps, double lastLoss, @Nullable EvaluationRecord best, double seconds) {
    /** The reason for the end of a run. */
    public enum End {
        COMPLETE,

        /** Evaluations were no better than the best for too long. */
        EARLY,
        CANCELLED
    }
}
