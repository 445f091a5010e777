package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.answer.Units;
import dev.longhand.study.format.Summary;
import dev.longhand.study.score.ScoreDifference;
import dev.longhand.study.score.ScoreRun;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code longhand score}: verdicts on generations, and the accuracy of a run. */
@Command(
        name = "score",
        description =
                "Scores generations against their problems; an interrupted run resumes with the"
                        + " same command.")
public final class ScoreCommand implements Callable<Integer> {
    /** The part of a response that holds its answer. */
    enum Scope {
        RESPONSE,
        SOLUTION
    }

    /** The rule of equality. */
    enum Equality {
        STUDY,
        HENDRYCKS
    }

    @Option(names = "--problems", paramLabel = "FILE", description = "JSONL of problems.")
    private @Nullable Path problems;

    @Option(
            names = "--generations",
            paramLabel = "FILE",
            description = "JSONL of generations, also compressed by gzip.")
    private @Nullable Path generations;

    @Option(names = "--out", paramLabel = "FILE", description = "JSONL of scores.")
    private @Nullable Path out;

    @Option(
            names = "--compat",
            description = "Decide as the published numbers do, with the faults of their harness.")
    private boolean compatible;

    @Option(
            names = "--units",
            paramLabel = "KIND",
            description =
                    "Units to delete: ${COMPLETION-CANDIDATES}; qwen with --compat, else safe.")
    private @Nullable Units units;

    @Option(
            names = "--scope",
            paramLabel = "PART",
            defaultValue = "RESPONSE",
            description = "Where the answer may stand: ${COMPLETION-CANDIDATES}.")
    private Scope scope = Scope.RESPONSE;

    @Option(
            names = "--equal",
            paramLabel = "RULE",
            defaultValue = "STUDY",
            description = "The rule of equality: ${COMPLETION-CANDIDATES}.")
    private Equality equality = Equality.STUDY;

    @Option(
            names = "--diff",
            arity = "2",
            paramLabel = "SCORES",
            description = "Compare two files of scores instead.")
    private List<Path> compared = List.of();

    @Mixin private ThreadOption threads = new ThreadOption();

    @Override
    public Integer call() throws InterruptedException {
        if (!compared.isEmpty()) {
            print(ScoreDifference.between(compared.get(0), compared.get(1)));
            return 0;
        }
        if (problems == null || generations == null || out == null) {
            throw new InputException("--problems, --generations and --out are needed, or --diff");
        }
        AnswerMode mode =
                new AnswerMode(
                        compatible,
                        units != null ? units : compatible ? Units.QWEN : Units.SAFE,
                        scope == Scope.SOLUTION,
                        equality == Equality.HENDRYCKS);
        int count =
                threads.count() > 0 ? threads.count() : Runtime.getRuntime().availableProcessors();
        ScoreRun run = new ScoreRun(problems, mode, count);
        try (LoadBar bar = new LoadBar("scoring")) {
            long size = size(generations);
            List<Summary> summaries = run.run(generations, out, read -> bar.loaded(read, size));
            bar.finish();
            summaries.forEach(ScoreCommand::print);
        }
        return 0;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void print(Summary summary) {
        System.out.printf(
                Locale.ROOT,
                "%s: accuracy %.1f (%d of %d, 95 %% interval %.1f to %.1f), %d problems,"
                        + " %d truncated, %d empty%n",
                summary.benchmark().isEmpty() ? "all" : summary.benchmark(),
                summary.accuracy(),
                summary.correct(),
                summary.samples(),
                summary.wilson().get(0),
                summary.wilson().get(1),
                summary.problems(),
                summary.truncated(),
                summary.empty());
        System.out.println(
                "  pass@k " + summary.passAtK() + ", rules " + summary.others().get("rules"));
        if (summary.others().has("instruction_accuracy")) {
            System.out.printf(
                    Locale.ROOT,
                    "  instructions followed %.1f%n",
                    summary.others().get("instruction_accuracy").doubleValue());
        }
    }

    private static void print(ScoreDifference difference) {
        System.out.printf(
                Locale.ROOT,
                "%d answers in both; %d gained, %d lost, McNemar's p = %.4g%n",
                difference.common(),
                difference.gained().size(),
                difference.lost().size(),
                difference.p());
        difference.gained().forEach(answer -> System.out.println("+ " + answer));
        difference.lost().forEach(answer -> System.out.println("- " + answer));
    }
}
