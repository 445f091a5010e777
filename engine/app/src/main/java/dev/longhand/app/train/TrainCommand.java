package dev.longhand.app.train;

import dev.longhand.app.cli.Console;
import dev.longhand.app.cli.LoadBar;
import dev.longhand.app.cli.ModelFolder;
import dev.longhand.app.cli.StandardStreams;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.training.AdapterInitializer;
import dev.longhand.training.WeightInitializer;
import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.Demonstration;
import dev.longhand.training.data.ExampleEncoder;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.TrainableDecoder;
import dev.longhand.training.model.TrainingPlan;
import dev.longhand.training.run.Training;
import dev.longhand.training.run.TrainingConfig;
import dev.longhand.training.run.TrainingResult;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;

/** {@code longhand train}: learns from demonstrations, as a LoRA adapter or with all weights. */
@Command(
        name = "train",
        description = "Learns from demonstrations; an interrupted run resumes with the same bits.")
public final class TrainCommand implements Callable<Integer> {
    @Mixin private ModelFolder model = new ModelFolder();

    @Mixin private TrainDataOptions data = new TrainDataOptions();

    @Mixin private TrainMethodOptions method = new TrainMethodOptions();

    @Mixin private TrainLoopOptions loop = new TrainLoopOptions();

    @Mixin private TrainAnswerOptions answers = new TrainAnswerOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "Folder of the run: weights, checkpoints, log, charts.")
    private @Nullable Path out;

    @Option(
            names = "--inspect",
            arity = "0..1",
            fallbackValue = "3",
            paramLabel = "N",
            description = "Shows what would be learned, with N demonstrations (3), and ends.")
    private @Nullable Integer inspected;

    @Option(names = "--plan", description = "Shows the memory that the run would take, and ends.")
    private boolean planned;

    @Override
    public Integer call() {
        Path start = method.start(model.path(), out);
        ModelConfig config = ModelConfig.read(start);
        try (ExampleEncoder encoder = new ExampleEncoder(start, config.vocabSize(), data.rules())) {
            Dataset learned = read(encoder, data.files());
            Dataset held =
                    data.evaluationFiles().isEmpty() ? null : read(encoder, data.evaluationFiles());
            if (inspected != null) {
                inspect(encoder, learned, held, inspected);
                return 0;
            }
            System.err.print(DataView.summary("data", learned));
            if (held != null) {
                System.err.print(DataView.summary("evaluation", held));
            }
            Demonstration longest = longest(learned, held);
            int tokensMax = longest.ids().length;
            DecoderOptions options = method.decoder(start, tokensMax);
            TrainingPlan plan = TrainingPlan.of(start, options, tokensMax);
            long beside = answers.memoryBytes(method, start, plan);
            OptionalLong gpu = method.device().usableBytes();
            if (planned) {
                new Console().print(MemoryView.table(plan, options, tokensMax, gpu, beside));
                return 0;
            }
            method.device().requireNoCard();
            MemoryView.require(
                    plan,
                    options,
                    "%s with %d tokens".formatted(longest.source(), tokensMax),
                    gpu,
                    beside);
            return train(start, options, encoder.rendererHash(), learned, held);
        }
    }

    /** Returns the longest demonstration of all. */
    private static Demonstration longest(Dataset learned, @Nullable Dataset held) {
        return Stream.of(learned, held)
                .filter(Objects::nonNull)
                .flatMap(each -> each.demonstrations().stream())
                .max(Comparator.comparingInt(each -> each.ids().length))
                .orElseThrow();
    }

    private int train(
            Path start,
            DecoderOptions options,
            String renderer,
            Dataset learned,
            @Nullable Dataset held) {
        if (out == null) {
            throw new InputException("--out is missing: the folder of the run");
        }
        Map<String, String> settings = new TreeMap<>(method.settings());
        settings.put("renderer_sha256", renderer);
        settings.put("rules", data.rules().toString());
        TrainingConfig run = loop.config(out, method.lora(), settings);
        TrainingResult.End end;
        try (TrainableDecoder trained = TrainableDecoder.open(start, options);
                LoadBar bar = new LoadBar("training", " tokens", 1);
                GreedyAnswers answered = answers(start, out.resolve("answers"), bar)) {
            initialise(trained);
            TrainProgress progress = new TrainProgress(bar);
            Training training =
                    new Training(
                            trained, method.output(start), learned, held, answered, run, progress);
            TrainingResult result = runOrCancel(training);
            end = result.end();
            bar.finish();
            new Console().println(TrainSummary.table(out, result, progress));
        }
        if (method.lora() && end != TrainingResult.End.CANCELLED) {
            new Console()
                    .println(
                            "merged       "
                                    + probe(start, out, learned.demonstrations().getFirst()));
        }
        return 0;
    }

    private @Nullable GreedyAnswers answers(Path start, Path folder, LoadBar bar) {
        return answers.asked() ? new GreedyAnswers(answers, method, start, folder, bar) : null;
    }

    /** Compares the adapter with the merged weights; a failure of this is no failure of the run. */
    private String probe(Path start, Path folder, Demonstration demonstration) {
        try {
            return MergeProbe.line(method.engine(start), folder.resolve("last"), demonstration);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "not probed: interrupted";
        } catch (RuntimeException e) {
            return "not probed: " + ErrorText.line(String.valueOf(e.getMessage()));
        }
    }

    private void initialise(TrainableDecoder trained) {
        Path init = method.init();
        if (init != null) {
            AdapterInitializer.read(trained, init);
        } else if (method.lora()) {
            AdapterInitializer.random(trained, loop.seed());
        }
        if (method.fromScratch()) {
            WeightInitializer.random(trained, loop.seed());
        }
    }

    /** Runs to the end, or to the step under way when the process is asked to end. */
    private static TrainingResult runOrCancel(Training training) {
        CountDownLatch ended = new CountDownLatch(1);
        Thread hook =
                Thread.ofPlatform()
                        .unstarted(
                                () -> {
                                    training.cancel();
                                    try {
                                        ended.await();
                                    } catch (InterruptedException e) {
                                        Thread.currentThread().interrupt();
                                    }
                                });
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            return training.run();
        } finally {
            ended.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // Not a constant: every command is created, and a logger fixes the process's
                // manager.
                System.getLogger(TrainCommand.class.getName())
                        .log(System.Logger.Level.DEBUG, "the process ends", e);
            }
        }
    }

    private static Dataset read(ExampleEncoder encoder, List<Path> files) {
        try (LoadBar bar = new LoadBar("encoding", " tokens", 1)) {
            return Dataset.read(files, encoder, tokens -> bar.loaded(tokens, 0));
        }
    }

    private static void inspect(
            ExampleEncoder encoder, Dataset learned, @Nullable Dataset held, int count) {
        Console console = new Console();
        console.print(DataView.summary("data", learned));
        if (held != null) {
            console.print(DataView.summary("evaluation", held));
        }
        DataView view = new DataView(encoder.table(), StandardStreams.coloursOnOutput());
        learned.demonstrations().stream()
                .limit(count)
                .forEach(
                        each ->
                                console.println(
                                        "%n--- %s: %d tokens, %d learned%n%s"
                                                .formatted(
                                                        each.source(),
                                                        each.ids().length,
                                                        each.labels(),
                                                        view.text(each))));
    }
}
