package dev.longhand.study.answer;

/**
 * How answers are found and compared.
 *
 * @param compatible whether to decide as the harness of the published numbers does, with its faults
 * @param units which units are deleted
 * @param solutionOnly whether the answer must stand in the solution, after the thought
 * @param hendrycks whether to compare by the normal form of the original MATH benchmark alone
 */
public record AnswerMode(boolean compatible, Units units, boolean solutionOnly, boolean hendrycks) {
    /** Decides as the published numbers do. */
    public static final AnswerMode COMPATIBLE = new AnswerMode(true, Units.QWEN, false, false);

    /** Decides with the known faults mended. */
    public static final AnswerMode DEFAULT = new AnswerMode(false, Units.SAFE, false, false);
}
