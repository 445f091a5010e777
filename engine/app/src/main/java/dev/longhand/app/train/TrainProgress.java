package dev.longhand.app.train;

import dev.longhand.engine.status.LoadProgress;
import dev.longhand.training.run.AnswerScore;
import dev.longhand.training.run.EvaluationRecord;
import dev.longhand.training.run.LabelScore;
import dev.longhand.training.run.StepRecord;
import dev.longhand.training.run.TrainingListener;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Shows a run on a bar that counts tokens, with lines for some steps and for all evaluations. */
final class TrainProgress implements TrainingListener {
    private static final int LINES = 50;
    private static final int FIRST_STEPS = 5;

    private final LoadProgress bar;
    private long steps;
    private long tokens;
    private long done;
    private @Nullable StepRecord first;
    private @Nullable StepRecord last;

    TrainProgress(LoadProgress bar) {
        this.bar = bar;
    }

    @Override
    public void began(long firstStep, long allSteps, long tokensLeft) {
        steps = allSteps;
        tokens = tokensLeft;
        if (firstStep > 0) {
            bar.noted("resumed after step %d of %d".formatted(firstStep, allSteps));
        }
        bar.loaded(0, tokens);
    }

    @Override
    public void stepped(StepRecord step) {
        if (first == null) {
            first = step;
        }
        last = step;
        done += step.tokens();
        bar.loaded(done, tokens);
        long every = Math.max(1, steps / LINES);
        if (step.step() <= FIRST_STEPS || step.step() % every == 0) {
            bar.noted(
                    String.format(
                            Locale.ROOT,
                            "step %d of %d: loss %.4f, norm %.3f, rate %.2e, %.1f tokens/s",
                            step.step(),
                            steps,
                            step.loss(),
                            step.gradientNorm(),
                            step.learningRate(),
                            step.tokensPerSecond()));
        }
    }

    @Override
    public void evaluated(EvaluationRecord evaluation) {
        bar.noted(scores(evaluation) + (evaluation.best() ? ", the best so far" : ""));
    }

    /** Returns an evaluation in words. */
    static String scores(EvaluationRecord evaluation) {
        List<String> scores = new ArrayList<>();
        LabelScore labels = evaluation.labels();
        if (labels != null) {
            scores.add(
                    String.format(
                            Locale.ROOT,
                            "evaluation loss %.4f, token accuracy %.1f %%",
                            labels.loss(),
                            100 * labels.tokenAccuracy()));
        }
        AnswerScore answers = evaluation.answers();
        if (answers != null) {
            scores.add(
                    String.format(
                            Locale.ROOT,
                            "%d of %d answers right (%.1f %%)",
                            answers.correct(),
                            answers.answers(),
                            100 * answers.accuracy()));
        }
        return "step %d: %s".formatted(evaluation.step(), String.join(", ", scores));
    }

    @Override
    public void warned(String message) {
        bar.noted(message);
    }

    /** The first step of this process; null before it. */
    @Nullable StepRecord first() {
        return first;
    }

    /** The last step of this process; null before the first. */
    @Nullable StepRecord last() {
        return last;
    }

    /** Tokens that this process learned from. */
    long tokens() {
        return done;
    }
}
