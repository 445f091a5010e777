package dev.longhand.training.run;

import org.jspecify.annotations.Nullable;

/**
 * An evaluation. It is better than another if more of its answers are right; with as many, or
 * without answers, if its loss is lower. One with answers is better than one without.
 *
 * @param step number of updates so far
 * @param labels score of held-out demonstrations; null without any
 * @param answers score of answers; null if none are asked for, or they could not be written
 * @param best whether it is better than all before it. One whose loss is not finite never is
 */
public record EvaluationRecord(
        long step, @Nullable LabelScore labels, @Nullable AnswerScore answers, boolean best) {
    /** Compares an evaluation with the best one before it, which is null at first. */
    static EvaluationRecord of(
            long step,
            @Nullable LabelScore labels,
            @Nullable AnswerScore answers,
            @Nullable EvaluationRecord before) {
        boolean sound = labels == null || Double.isFinite(labels.loss());
        boolean better = before == null || isBetter(labels, answers, before);
        return new EvaluationRecord(step, labels, answers, sound && better);
    }

    private static boolean isBetter(
            @Nullable LabelScore labels, @Nullable AnswerScore answers, EvaluationRecord before) {
        int more = correct(answers) - correct(before.answers);
        if (more != 0) {
            return more > 0;
        }
        return labels != null && before.labels != null && labels.loss() < before.labels.loss();
    }

    private static int correct(@Nullable AnswerScore answers) {
        return answers == null ? -1 : answers.correct();
    }
}
