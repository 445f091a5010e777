package dev.longhand.app.cli;

import dev.longhand.batch.BatchRun;
import dev.longhand.batch.FileHash;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Summary;
import dev.longhand.study.likelihood.LikelihoodRun;
import dev.longhand.study.likelihood.OptionPrompts;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** {@code longhand evaluate}: problems by the log-likelihood of their options. */
@Command(
        name = "evaluate",
        description = {
            "Compares the options of problems by their log-likelihood, those of MMLU and ARC in the"
                    + " words of lm-eval.",
            "An interrupted run resumes with the same command."
        })
public final class EvaluateCommand implements Callable<Integer> {
    private static final int OPTIONS_MAX = 10;

    @Mixin private ModelOptions model = new ModelOptions();

    @Mixin private CapacityOptions capacity = new CapacityOptions();

    @Option(
            names = "--problems",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of problems, as the command problems writes it.")
    private Path problems = Path.of("");

    @Option(
            names = "--out",
            required = true,
            paramLabel = "FILE",
            description = "JSONL of scores, with a summary beside it.")
    private Path out = Path.of("");

    @Option(
            names = "--shots",
            paramLabel = "N",
            defaultValue = "0",
            description = "Examples before each question.")
    private int shots;

    @Option(
            names = "--examples",
            paramLabel = "FILE",
            description = "JSONL of problems; the first of the same subject are the examples.")
    private @Nullable Path examples;

    @Option(
            names = "--plain",
            description =
                    "Leaves MMLU and ARC as plain as other problems: the question, then a text of"
                            + " meta.choices.")
    private boolean plain;

    @Option(names = "--chat", description = "Asks in a conversation, by the chat template.")
    private boolean chat;

    @Override
    public Integer call() throws InterruptedException {
        if (shots < 0 || (shots > 0) == (examples == null)) {
            throw new InputException("--shots of 1 or more and --examples belong together");
        }
        List<BenchmarkProblem> questions = JsonLines.readAll(problems, BenchmarkProblem::of);
        if (questions.isEmpty()) {
            throw new InputException(problems + ": there are no problems in it");
        }
        String sha;
        try (LoadBar bar = new LoadBar("hashing")) {
            sha = BatchRun.modelSha(model.model(), bar);
        }
        EngineConfig config = config();
        try (LoadBar bar = new LoadBar();
                Engine engine = Engine.open(config.withProgress(bar))) {
            bar.finish();
            System.err.println(engine.backendDescription());
            OptionPrompts prompts =
                    new OptionPrompts(
                            examples == null
                                    ? List.of()
                                    : JsonLines.readAll(examples, BenchmarkProblem::of),
                            shots,
                            plain,
                            chat
                                    ? messages ->
                                            engine.promptText(new Prompt.Chat(messages, List.of()))
                                    : null);
            LikelihoodRun run =
                    new LikelihoodRun(
                            engine,
                            model.use(),
                            prompts,
                            settings(engine, config, sha),
                            capacity.sequences());
            print(run(run, questions));
        }
        return 0;
    }

    private Summary run(LikelihoodRun run, List<BenchmarkProblem> questions)
            throws InterruptedException {
        try (LoadBar bar = new LoadBar("evaluating", " problems", 1)) {
            return run.run(questions, out, bar::loaded);
        }
    }

    private EngineConfig config() {
        return capacity.offline(model.engine(), capacity.sequences() * OPTIONS_MAX);
    }

    /** Identifies all that the scores depend on. */
    private String settings(Engine engine, EngineConfig config, String sha) {
        String adapter =
                engine.adapters().list().stream()
                        .filter(each -> each.name().equals(model.use()))
                        .map(AdapterInfo::identity)
                        .findFirst()
                        .orElse("");
        return Sha256.hex(
                String.join(
                        " ",
                        sha,
                        adapter,
                        String.valueOf(config.weights()),
                        Integer.toString(engine.contextTokensMax()),
                        Integer.toString(shots),
                        Boolean.toString(chat),
                        Boolean.toString(plain),
                        FileHash.of(problems),
                        examples == null ? "" : FileHash.of(examples)));
    }

    private static void print(Summary summary) {
        System.out.printf(
                Locale.ROOT,
                "%s: acc %.1f (%d of %d, 95 %% interval %.1f to %.1f), acc_norm %.1f,"
                        + " acc_bytes %.1f%n",
                summary.benchmark(),
                summary.accuracy(),
                summary.correct(),
                summary.problems(),
                summary.wilson().get(0),
                summary.wilson().get(1),
                summary.others().path("acc_norm").doubleValue(),
                summary.others().path("acc_bytes").doubleValue());
    }
}
