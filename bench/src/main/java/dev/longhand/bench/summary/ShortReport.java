package dev.longhand.bench.summary;

import dev.longhand.bench.adapters.AdapterBenchmark;
import dev.longhand.bench.adapters.AdapterMode;
import dev.longhand.bench.generation.LongGeneration;
import dev.longhand.bench.generation.StepSplit;
import dev.longhand.bench.kernels.KernelBenchmark;
import dev.longhand.bench.kernels.MemoryBandwidth;
import dev.longhand.bench.model.DeviceOptions;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.History;
import dev.longhand.bench.report.Provenance;
import dev.longhand.bench.report.RunCost;
import dev.longhand.bench.serving.WorkloadBenchmark;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Runs a short version of every benchmark on generated models and writes a report. */
@Command(
        name = "report",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Runs every benchmark briefly, on random weights, and writes a report:",
            "history.jsonl (one line per result, added to), report.md and charts."
        })
public final class ShortReport implements Runnable {
    private static final List<Integer> CONTEXTS =
            List.of(0, 1024, 2048, 4096, 8192, 12_288, 16_384);
    private static final int PROMPT = 512;
    private static final int WINDOWS = 16;
    private static final int STEPS = 12;
    private static final int ITERATIONS = 3;
    private static final double JMH_SECONDS = 60;

    @Option(
            names = "--cache",
            required = true,
            paramLabel = "DIR",
            description = "Folder where generated models are kept: 1 GB for 0.5b.")
    private String cache = "";

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the report.")
    private Path out = Path.of("");

    @Option(
            names = "--shape",
            defaultValue = "0.5b",
            description = "Model of every run except the long one. Default: ${DEFAULT-VALUE}.")
    private String shape = "";

    @Option(
            names = "--tokens",
            defaultValue = "512",
            description = "Tokens of its generations. Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(
            names = "--long-shape",
            defaultValue = "tiny",
            description = "Model of the long run. Default: ${DEFAULT-VALUE}.")
    private String longShape = "";

    @Option(
            names = "--long-tokens",
            defaultValue = "16384",
            description = "Tokens of the long run. Default: ${DEFAULT-VALUE}.")
    private int longTokens;

    @Mixin private DeviceOptions device = new DeviceOptions();

    @Option(
            names = "--commit",
            defaultValue = "",
            description = "Commit of the sources. Default: git describe.")
    private String commit = "";

    private final List<BenchResult> results = new ArrayList<>();

    @Override
    public void run() {
        if (tokens < 2 * WINDOWS || longTokens < 2 * WINDOWS) {
            throw new InputException("at least %d tokens are needed".formatted(2 * WINDOWS));
        }
        ModelChoice model = choice(shape);
        ModelChoice longModel = choice(longShape);
        model.check();
        longModel.check();
        System.err.println(cost(model, longModel).text());
        model.folder(); // generated before the clock starts
        longModel.folder();
        Provenance provenance = Provenance.here(commit);
        long start = System.nanoTime();
        try {
            Files.createDirectories(out);
            History history = new History(out.resolve("history.jsonl"));
            for (Step step : steps(model, longModel)) {
                System.err.printf("%4.0f s  %s%n", (System.nanoTime() - start) / 1e9, step.name());
                for (BenchResult result : step.work().run()) {
                    history.append(provenance, result);
                    results.add(result);
                }
            }
            new ReportFiles(out, results).write(provenance, (System.nanoTime() - start) / 1e9);
        } catch (IOException e) {
            throw new UncheckedIOException(out + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
        System.out.println(out.resolve(ReportFiles.REPORT));
    }

    /** Generations, single steps at contexts, and a minute or two of JMH benchmarks. */
    private RunCost cost(ModelChoice model, ModelChoice longModel) {
        return longModel
                .cost(2 * (longTokens + PROMPT / 6.0))
                .plus(model.cost(4 * tokens + CONTEXTS.size() * STEPS * 3.0 + 1000))
                .plus(RunCost.ofSeconds(JMH_SECONDS));
    }

    /** A step of the report. */
    private record Step(String name, Work work) {}

    /** The measurement of a step. */
    private interface Work {
        List<BenchResult> run() throws InterruptedException;
    }

    private ModelChoice choice(String modelShape) {
        return new ModelChoice(
                "", modelShape, cache, device.device(), device.threads(), DType.BF16, null);
    }

    private List<Step> steps(ModelChoice model, ModelChoice longModel) {
        List<Step> steps = new ArrayList<>();
        for (AdapterMode mode : List.of(AdapterMode.NONE, AdapterMode.UNMERGED_R64)) {
            steps.add(generation(longModel, mode, 1, longTokens));
        }
        for (AdapterMode mode :
                List.of(AdapterMode.NONE, AdapterMode.MERGED_R64, AdapterMode.UNMERGED_R64)) {
            steps.add(generation(model, mode, 1, tokens));
        }
        steps.add(generation(model, AdapterMode.NONE, 8, tokens / 4));
        if (MemoryBandwidth.inHostMemory(device.device(), device.threads())) {
            for (int context : CONTEXTS) {
                steps.add(
                        new Step(
                                "time per op at context " + context,
                                () -> List.of(StepSplit.measure(model, context, STEPS))));
            }
        }
        steps.add(jmh(KernelBenchmark.class, Map.of()));
        steps.add(jmh(AdapterBenchmark.class, model(Map.of("rank", List.of("64")))));
        Map<String, List<String>> mixes =
                Map.of(
                        "mix", List.of("AIME24_LONG", "MATH500_SHORT"),
                        "requests", List.of("8"),
                        "scale", List.of("0.005"));
        steps.add(jmh(WorkloadBenchmark.class, model(mixes)));
        return steps;
    }

    private Step generation(ModelChoice model, AdapterMode mode, int batch, int output) {
        LongGeneration.Setting setting =
                new LongGeneration.Setting(
                        model, mode, batch, PROMPT, output, Math.max(2, output / WINDOWS));
        return new Step(
                "%s, %d x %d tokens, %s".formatted(model.name(), batch, output, mode),
                () -> List.of(LongGeneration.measure(setting)));
    }

    private Map<String, List<String>> model(Map<String, List<String>> others) {
        Map<String, List<String>> parameters = new HashMap<>(others);
        parameters.put("shape", List.of(shape));
        parameters.put("cache", List.of(cache));
        return parameters;
    }

    private Step jmh(Class<?> benchmark, Map<String, List<String>> parameters) {
        Map<String, List<String>> all = new HashMap<>(parameters);
        all.put("device", List.of(device.device().name()));
        all.put("threads", List.of(Integer.toString(device.threads())));
        return new Step(benchmark.getSimpleName(), () -> JmhRuns.run(benchmark, all, ITERATIONS));
    }
}
