package dev.longhand.training.run;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.Demonstration;
import dev.longhand.training.model.AdamWStep;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainingSequence;
import dev.longhand.training.output.ModelOutput;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A run: it trains a model on demonstrations and writes a folder with its weights, checkpoints, log
 * and charts. The bits of the result depend on model, data and settings; not on threads, on the cut
 * into micro-batches, or on interruptions between which the run resumed.
 */
public final class Training {
    private static final double NORM_EPSILON = 1e-6; // torch.nn.utils.clip_grad_norm_

    private final TrainableModel model;
    private final @Nullable Dataset held;
    private final @Nullable AnswerEvaluation answers;
    private final TrainingConfig config;
    private final TrainingListener listener;
    private final StepOrder order;
    private final Map<String, String> settings;
    private final RunFolder folder;
    private volatile boolean cancelled;

    private long step; // updates so far
    private @Nullable EvaluationRecord best;
    private int worse;
    private double lastLoss = Double.NaN;
    private long began;
    private long tokensDone; // of this process
    private long tokensLeft;

    /**
     * Prepares a run without answers.
     *
     * @see #Training(TrainableModel, ModelOutput, Dataset, Dataset, AnswerEvaluation,
     *     TrainingConfig, TrainingListener)
     */
    public Training(
            TrainableModel model,
            ModelOutput output,
            Dataset data,
            @Nullable Dataset held,
            TrainingConfig config,
            TrainingListener listener) {
        this(model, output, data, held, null, config, listener);
    }

    /**
     * Prepares a run without writing anything.
     *
     * @param model the model, which the caller closes
     * @param output the form of the written weights
     * @param data demonstrations to learn
     * @param held demonstrations for evaluations; null for none
     * @param answers the evaluation by answers, which then decides about the best weights before
     *     the loss does; null for none
     */
    public Training(
            TrainableModel model,
            ModelOutput output,
            Dataset data,
            @Nullable Dataset held,
            @Nullable AnswerEvaluation answers,
            TrainingConfig config,
            TrainingListener listener) {
        this.model = model;
        this.held = held;
        this.answers = answers;
        this.config = config;
        this.listener = listener;
        order = new StepOrder(data.demonstrations(), config.batches());
        settings = new TreeMap<>(config.deciding());
        settings.put("data_sha256", data.sha256());
        settings.put("evaluation_sha256", held == null ? RunFolder.NONE : held.sha256());
        settings.put(RunFolder.ANSWERS, answers == null ? RunFolder.NONE : answers.identity());
        folder = new RunFolder(config, settings, output, model);
    }

    /** Ends the run after the step that is under way, with a checkpoint. Any thread may call. */
    public void cancel() {
        cancelled = true;
    }

    /**
     * Runs until the last step, an early end, or a cancel.
     *
     * @throws InputException if the folder cannot be used, or the largest micro-batch does not fit
     *     into memory
     * @throws DivergenceException if a loss or gradient is not finite
     * @throws UncheckedIOException if the log or the last weights cannot be written
     */
    public TrainingResult run() {
        try {
            Path parent = config.out().toAbsolutePath().getParent();
            if (parent != null) {
                Files.createDirectories(parent);
            }
            try (LockFile _ = LockFile.of(config.out())) {
                TrainingState state = folder.begin(order.total(), listener);
                try (TrainingLog log =
                        TrainingLog.open(folder.log(), state == null ? 0 : state.logBytes())) {
                    folder.requireSpace();
                    if (state == null) {
                        probe();
                    } else {
                        resume(state);
                    }
                    return run(log);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(
                    "%s: cannot be written (%s)"
                            .formatted(
                                    config.out(), ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    private void resume(TrainingState state) {
        model.publishMasters();
        step = state.step();
        best = state.best();
        worse = state.worse();
    }

    /** Runs the largest micro-batch before the first step, so that memory fails now or never. */
    private void probe() {
        List<Demonstration> largest = order.largestMicroBatch();
        model.clearGradients();
        try {
            model.addGradients(largest.stream().map(each -> each.sequence(1, 0)).toList());
        } catch (OutOfMemoryError e) {
            throw new InputException(
                    ("the largest micro-batch does not fit into memory (%s): %s; use smaller"
                                    + " micro-batches, or leave out long demonstrations")
                            .formatted(
                                    e.getMessage(),
                                    largest.stream()
                                            .map(
                                                    each ->
                                                            "%s with %d tokens"
                                                                    .formatted(
                                                                            each.source(),
                                                                            each.ids().length))
                                            .collect(Collectors.joining(", "))),
                    e);
        }
    }

    private TrainingResult run(TrainingLog log) throws IOException {
        long total = order.total();
        tokensLeft = order.tokensFrom(step);
        began = System.nanoTime();
        listener.began(step, total, tokensLeft);
        TrainingResult.End end = TrainingResult.End.COMPLETE;
        boolean saved = false;
        while (step < total) {
            if (cancelled) {
                end = TrainingResult.End.CANCELLED;
                break;
            }
            if (isPatienceOver()) {
                end = TrainingResult.End.EARLY;
                break;
            }
            log.add(step());
            if (isDue(config.evaluation().everySteps()) || step == total) {
                evaluate(log);
            }
            saved = false;
            if (isDue(config.saves().everySteps()) && step < total) {
                saved = save(log);
            }
        }
        finish(log, saved);
        double seconds = (System.nanoTime() - began) / 1e9;
        return new TrainingResult(end, step, lastLoss, best, seconds);
    }

    private boolean isPatienceOver() {
        int patience = config.evaluation().patience();
        return patience > 0 && worse >= patience;
    }

    private boolean isDue(int everySteps) {
        return step % (everySteps == 0 ? order.stepsPerEpoch() : everySteps) == 0;
    }

    private StepRecord step() {
        TrainingEvents.Step event = new TrainingEvents.Step();
        event.begin();
        long start = System.nanoTime();
        List<Demonstration> drawn = order.step(step);
        double loss = gradients(drawn);
        double norm = Math.sqrt(model.gradientSquares());
        if (!Double.isFinite(norm)) {
            throw new DivergenceException(
                    "step %d: the norm of the gradients is %s, first in %s; the update did not happen"
                            .formatted(step + 1, norm, NonFinite.tensor(model)));
        }
        Optimization optimization = config.optimization();
        double rate =
                optimization.learningRate() * optimization.schedule().factor(step, order.total());
        double clip = optimization.clipNorm();
        model.update(
                new AdamWStep(
                        step + 1,
                        rate,
                        rate * optimization.loraPlusRatio(),
                        clip == 0 ? 1 : Math.min(1, clip / (norm + NORM_EPSILON)),
                        optimization.beta1(),
                        optimization.beta2(),
                        optimization.epsilon(),
                        optimization.weightDecay()));
        step++;
        lastLoss = loss;
        StepRecord record = record(drawn, loss, norm, rate, System.nanoTime() - start);
        event.step = step;
        event.loss = loss;
        event.gradientNorm = norm;
        event.learningRate = rate;
        event.tokens = record.tokens();
        event.labelTokens = record.labelTokens();
        event.commit();
        listener.stepped(record);
        return record;
    }

    /** Adds the gradients of a step and returns its loss. */
    private double gradients(List<Demonstration> drawn) {
        List<TrainingSequence> sequences = order.sequences(step, drawn);
        model.clearGradients();
        double loss = 0;
        int micro = config.batches().microBatch();
        for (int from = 0; from < sequences.size(); from += micro) {
            int end = Math.min(sequences.size(), from + micro);
            double[] losses = model.addGradients(sequences.subList(from, end));
            for (int i = 0; i < losses.length; i++) {
                if (!Double.isFinite(losses[i])) {
                    throw new DivergenceException(
                            "step %d: the loss of %s is %s; the update did not happen"
                                    .formatted(step + 1, drawn.get(from + i).source(), losses[i]));
                }
                loss += losses[i];
            }
        }
        return loss;
    }

    private StepRecord record(
            List<Demonstration> drawn, double loss, double norm, double rate, long nanos) {
        long tokens = StepOrder.tokens(drawn);
        tokensDone += tokens;
        tokensLeft -= tokens;
        double elapsed = (System.nanoTime() - began) / 1e9;
        return new StepRecord(
                step,
                (double) step / order.stepsPerEpoch(),
                loss,
                norm,
                rate,
                tokens,
                StepOrder.labels(drawn),
                tokens / (nanos / 1e9),
                HostMemory.peakResidentBytes(),
                elapsed * tokensLeft / tokensDone);
    }

    private void evaluate(TrainingLog log) throws IOException {
        if (held == null && answers == null) {
            return;
        }
        TrainingEvents.Evaluated event = new TrainingEvents.Evaluated();
        event.begin();
        event.step = step;
        LabelScore labels = held == null ? null : HeldOut.evaluate(model, held, config.batches());
        if (labels != null) {
            event.loss = labels.loss();
            event.tokenAccuracy = labels.tokenAccuracy();
        }
        AnswerScore answered = answered();
        if (answered != null) {
            event.correctAnswers = answered.correct();
            event.answers = answered.answers();
        }
        event.commit();
        if (labels == null && answered == null) {
            return; // the answers could not be written
        }
        EvaluationRecord record = EvaluationRecord.of(step, labels, answered, best);
        log.add(record);
        if (record.best()) {
            best = record;
            worse = 0;
            try {
                folder.writeWeights(RunFolder.BEST, step, record);
            } catch (IOException e) {
                warn("the best weights", e);
            }
        } else {
            worse++;
        }
        listener.evaluated(record);
    }

    private @Nullable AnswerScore answered() {
        if (answers == null) {
            return null;
        }
        try {
            return answers.evaluate(step, folder::writeWeights);
        } catch (IOException e) {
            warn("answers", e);
            return null;
        }
    }

    private TrainingState state(TrainingLog log) throws IOException {
        return new TrainingState(step, order.total(), log.force(), best, worse, settings);
    }

    /** Saves; a failure is reported, and the run goes on. */
    private boolean save(TrainingLog log) {
        try {
            folder.save(state(log));
            folder.describe(step, log);
            return true;
        } catch (IOException e) {
            warn("a checkpoint", e);
            return false;
        }
    }

    private void warn(String kind, IOException failure) {
        listener.warned(
                "step %d: %s could not be written (%s); the run goes on"
                        .formatted(
                                step, kind, ErrorText.line(String.valueOf(failure.getMessage()))));
    }

    private void finish(TrainingLog log, boolean saved) throws IOException {
        if (!saved) {
            folder.save(state(log));
            folder.describe(step, log);
        }
        if (held == null && answers == null) {
            folder.writeWeights(RunFolder.BEST, step, null);
        }
    }
}
