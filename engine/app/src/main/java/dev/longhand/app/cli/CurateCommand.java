package dev.longhand.app.cli;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.curate.Contamination;
import dev.longhand.study.curate.CurateRun;
import dev.longhand.study.curate.CurateSettings;
import dev.longhand.study.curate.DataCard;
import dev.longhand.study.curate.Stage;
import dev.longhand.study.curate.Verdicts;
import dev.longhand.study.score.ScoreRun;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;

/** {@code longhand curate}: makes training data of problems and a teacher. */
@Command(
        name = "curate",
        description = {
            "Makes training samples: a teacher's right answers to problems, filtered.",
            "An interrupted run continues with the same command, to the same bytes."
        },
        modelTransformer = BatchCommand.ModelMayBeConfigured.class)
public final class CurateCommand implements Callable<Integer> {
    @Option(
            names = "--problems",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of problems with reference answers.")
    private Path problems = Path.of("");

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of samples in ShareGPT's layout.")
    private Path out = Path.of("");

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "JSON as for batch: the teacher, its sampling, n.")
    private @Nullable Path config;

    @Option(
            names = "--generations",
            paramLabel = "FILE",
            description = "Generations of batch, instead of --config.")
    private @Nullable Path generations;

    @Option(
            names = "--scores",
            paramLabel = "FILE",
            description = "Scores of these generations (default: they are scored as score does).")
    private @Nullable Path scores;

    @Option(
            names = "--benchmark",
            paramLabel = "FILE",
            description = "Problems whose questions must not be in the data; repeatable.")
    private List<Path> benchmarks = List.of();

    @Option(
            names = "--ngram",
            paramLabel = "N",
            defaultValue = "13",
            description = "Words in a row that make an overlap.")
    private int words;

    @Option(
            names = "--teacher",
            paramLabel = "NAME",
            defaultValue = "",
            description = "The teacher's name in the samples.")
    private String teacher = "";

    @Option(
            names = "--system-file",
            paramLabel = "FILE",
            description = "The system message of the samples.")
    private @Nullable Path system;

    @Option(
            names = "--min-tokens",
            paramLabel = "N",
            defaultValue = "0",
            description = "The least number of tokens of an answer.")
    private int tokensMin;

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            defaultValue = "2147483647",
            description = "The largest number of tokens of an answer.")
    private int tokensMax;

    @Option(
            names = "--latin",
            paramLabel = "SHARE",
            defaultValue = "0",
            converter = PerturbCommand.Ratio.class,
            description = "The least share of Latin letters among the letters.")
    private double latin;

    @Option(
            names = "--per-problem",
            paramLabel = "N",
            defaultValue = "2147483647",
            description = "The number of samples that a problem gives at most.")
    private int perProblem;

    @Option(
            names = "--split-untagged",
            description = "Takes the last paragraph of a text without tags as its solution.")
    private boolean splitsUntagged;

    @Option(names = "--wrong", description = "Keeps wrong answers in place of right ones.")
    private boolean wrong;

    @Mixin private ModelOptions model = new ModelOptions();

    @Mixin private CapacityOptions capacity = new CapacityOptions();

    @Override
    public Integer call() throws InterruptedException, IOException {
        CurateSettings settings =
                CurateSettings.of(teacher)
                        .withTokens(tokensMin, tokensMax)
                        .withLatinMin(latin)
                        .withSamples(system == null ? null : Files.readString(system), perProblem)
                        .withSplitsUntagged(splitsUntagged)
                        .withKeepsWrong(wrong);
        Contamination contamination = new Contamination(words);
        benchmarks.forEach(contamination::add);
        Path answers = generations != null ? generations : generate();
        Path judged = scores != null ? scores : score(answers);
        DataCard card;
        try (LoadBar bar = new LoadBar("curating");
                Verdicts verdicts = Verdicts.of(judged)) {
            card =
                    new CurateRun(settings, contamination, bar)
                            .run(problems, answers, verdicts, out);
        }
        Files.writeString(beside(".card.json"), card.json().toPrettyString() + "\n");
        Files.writeString(beside(".card.md"), card.markdown());
        System.err.printf(
                "%s: %d samples of %d generations, %d of them right%n",
                out,
                card.count(Stage.KEPT),
                card.count(Stage.GENERATED),
                card.count(Stage.CORRECT));
        return 0;
    }

    private Path generate() throws InterruptedException {
        if (config == null) {
            throw new InputException("--config or --generations is missing");
        }
        Path answers = beside(".generations.jsonl");
        new BatchJob(model, capacity, config).run(problems, answers);
        return answers;
    }

    private Path score(Path answers) throws InterruptedException, IOException {
        Path judged = beside(".scores.jsonl");
        int threads = Runtime.getRuntime().availableProcessors();
        ScoreRun run = new ScoreRun(problems, AnswerMode.DEFAULT, threads);
        long size = Files.size(answers);
        try (LoadBar bar = new LoadBar("scoring")) {
            run.run(answers, judged, read -> bar.loaded(read, size));
        }
        return judged;
    }

    private Path beside(String ending) {
        return out.resolveSibling(out.getFileName() + ending);
    }
}
