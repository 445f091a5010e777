package dev.longhand.app.train;

import dev.longhand.batch.BatchRun;
import dev.longhand.batch.Problem;
import dev.longhand.batch.RunConfig;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.service.Service;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.format.Summary;
import dev.longhand.study.score.ScoreRun;
import dev.longhand.training.output.ReplacedFolder;
import dev.longhand.training.run.AnswerEvaluation;
import dev.longhand.training.run.AnswerScore;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Answers problems greedily with what is being trained, and scores the answers as {@code score}
 * does. The answers of each evaluation and their scores stay in a folder.
 *
 * <p>An {@link Engine} answers, and not the decoder in training: it has the KV cache, the batches
 * and the ends of answers, and it loads the very files that a run writes, rounded as they are.
 * Beside an adapter it loads the frozen base once, on a CPU from the pages that training has mapped
 * already, and each evaluation replaces the adapter. All weights are written as a checkpoint for
 * each evaluation, and the engine over it is closed afterwards.
 */
final class GreedyAnswers implements AnswerEvaluation, AutoCloseable {
    private static final String BASE = "base";
    private static final String TRAINED = "trained";

    private final TrainAnswerOptions options;
    private final TrainMethodOptions method;
    private final Path base;
    private final Path folder;
    private final LoadProgress notes;
    private final List<Problem> problems;
    private final RunConfig run;
    private final @Nullable Engine overBase;
    private final String baseSha;

    /**
     * Reads the problems, and opens the engine over the frozen base of an adapter.
     *
     * @param base the folder of the model before training
     * @param folder receives a folder for each evaluation
     * @param notes receives a line at each beginning
     * @throws dev.longhand.engine.error.InputException if a problem is invalid, or the engine does
     *     not fit into memory
     */
    @SuppressWarnings("MustBeClosedChecker") // this closes it
    GreedyAnswers(
            TrainAnswerOptions options,
            TrainMethodOptions method,
            Path base,
            Path folder,
            LoadProgress notes) {
        this.options = options;
        this.method = method;
        this.base = base;
        this.folder = folder;
        this.notes = notes;
        problems = options.problems();
        run = options.run();
        scoring(); // rejects invalid problems
        EngineConfig config = options.sized(method.engine(base));
        if (method.lora()) {
            baseSha = BatchRun.modelSha(base, LoadProgress.SILENT);
            overBase = Engine.open(config);
        } else {
            baseSha = "";
            overBase = null;
            Engine.inspect(config).memory().requireFit();
        }
    }

    private ScoreRun scoring() {
        return new ScoreRun(
                options.file(), AnswerMode.DEFAULT, Runtime.getRuntime().availableProcessors());
    }

    @Override
    public String identity() {
        return options.identity();
    }

    @Override
    public AnswerScore evaluate(long step, ReplacedFolder.Content weights) throws IOException {
        notes.noted("step %d: answering %d problems".formatted(step, problems.size()));
        ReplacedFolder current = new ReplacedFolder(folder.resolve("weights"));
        Path out = folder.resolve(String.format(Locale.ROOT, "step-%09d", step));
        new ReplacedFolder(out).delete(); // of a process that was killed
        Files.createDirectories(out);
        try {
            current.delete();
            Path files = Files.createDirectories(folder.resolve("weights"));
            weights.write(files);
            answer(files, out.resolve("generations.jsonl"));
            return score(out);
        } catch (UncheckedIOException e) {
            throw new IOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            current.delete();
        }
    }

    private void answer(Path weights, Path out) throws InterruptedException {
        if (overBase != null) {
            overBase.adapters().load(TRAINED, weights);
            answer(overBase, new BatchRun.Source(base, baseSha, TRAINED, machine(overBase)), out);
            return;
        }
        String sha = BatchRun.modelSha(weights, LoadProgress.SILENT);
        try (Engine engine = Engine.open(options.sized(method.engine(weights)))) {
            answer(engine, new BatchRun.Source(weights, sha, null, machine(engine)), out);
        }
    }

    private static String machine(Engine engine) {
        return engine.backendDescription();
    }

    private void answer(Engine engine, BatchRun.Source source, Path out)
            throws InterruptedException {
        new BatchRun(engine, new Service(engine, BASE, null), run, problems, source)
                .run(
                        options.file(),
                        out,
                        engine.contextTokensMax(),
                        2 * options.sequences(),
                        (done, total) -> {});
    }

    private AnswerScore score(Path out) throws InterruptedException {
        Summary all =
                scoring()
                        .run(
                                out.resolve("generations.jsonl"),
                                out.resolve("scores.jsonl"),
                                read -> {})
                        .getFirst();
        return new AnswerScore(all.correct(), all.samples());
    }

    @Override
    public void close() {
        if (overBase != null) {
            overBase.close();
        }
    }
}
