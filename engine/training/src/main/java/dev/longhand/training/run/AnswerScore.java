package dev.longhand.training.run;

/**
 * The score of answers.
 *
 * @param correct right answers
 * @param answers all answers, at least 1
 */
public record AnswerScore(int correct, int answers) {
    public AnswerScore {
        if (correct < 0 || answers < 1 || correct > answers) {
            throw new IllegalArgumentException("%d of %d".formatted(correct, answers));
        }
    }

    /** Returns the share of right answers, from 0 to 1. */
    public double accuracy() {
        return (double) correct / answers;
    }
}
