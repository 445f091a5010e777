package dev.longhand.study.result;

import dev.longhand.study.format.Score;

import org.jspecify.annotations.Nullable;

/** Which answers of a run are shown, by their verdict and by that of another run. */
public enum AnswerFilter {
    /** All of them. */
    ALL,
    /** Right ones. */
    RIGHT,
    /** Wrong ones. */
    WRONG,
    /** Right ones that the other run has wrong. */
    GAINED,
    /** Wrong ones that the other run has right. */
    LOST;

    /**
     * Whether an answer is shown.
     *
     * @param other the score of the same problem and sample in the other run; null if there is none
     */
    boolean admits(Score score, @Nullable Score other) {
        boolean right = Boolean.TRUE.equals(score.correct());
        boolean wrong = Boolean.FALSE.equals(score.correct());
        return switch (this) {
            case ALL -> true;
            case RIGHT -> right;
            case WRONG -> wrong;
            case GAINED -> right && other != null && Boolean.FALSE.equals(other.correct());
            case LOST -> wrong && other != null && Boolean.TRUE.equals(other.correct());
        };
    }
}
