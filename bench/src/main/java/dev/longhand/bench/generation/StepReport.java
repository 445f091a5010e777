package dev.longhand.bench.generation;

import dev.longhand.bench.checkpoint.QwenShape;
import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.kernels.CopyBandwidth;
import dev.longhand.bench.model.DeviceOptions;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.ResultOptions;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.StepSize;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Times whole decode and prefill steps of a shape with random weights, which are made in memory: a
 * 32B model takes no disk. Sizes that do not fit the device are reported with the bytes they need.
 */
@Command(
        name = "steps",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Times decode steps of batches and contexts, prefills, and steps with LoRA adapters,"
                    + " of",
            "a model with random weights in memory. What does not fit the device is skipped with",
            "the reason."
        })
public final class StepReport implements Runnable {
    /** Rows of one step of a prefill. */
    static final int PREFILL_ROWS = 512;

    private static final int ADAPTERS_MAX = 8;

    @Mixin private DeviceOptions device = new DeviceOptions();

    @Option(names = "--shape", defaultValue = "32b", description = "Default: ${DEFAULT-VALUE}.")
    private String shape = "";

    @Option(
            names = "--weights",
            defaultValue = "int4",
            description = "bf16, int8, int4 or fp8. Default: ${DEFAULT-VALUE}.")
    private DType weights = DType.INT4;

    @Option(
            names = "--batch",
            split = ",",
            defaultValue = "1,8,16,64",
            description = "Sequences of a decode step. Default: ${DEFAULT-VALUE}.")
    private List<Integer> batches = List.of();

    @Option(
            names = "--context",
            split = ",",
            defaultValue = "1024,16384",
            description = "Positions of each sequence. Default: ${DEFAULT-VALUE}.")
    private List<Integer> contexts = List.of();

    @Option(
            names = "--prefill",
            split = ",",
            defaultValue = "512,4096",
            description = "Tokens of a prompt. Default: ${DEFAULT-VALUE}.")
    private List<Integer> prompts = List.of();

    @Option(
            names = "--ranks",
            split = ",",
            defaultValue = "64,256",
            description =
                    "Ranks of adapters, at the first context: one for all sequences, and of the"
                            + " first rank one for each of up to eight. Default: ${DEFAULT-VALUE}.")
    private List<Integer> ranks = List.of();

    @Option(
            names = "--samples",
            defaultValue = "21",
            description = "Timed steps, of which the median counts. Default: ${DEFAULT-VALUE}.")
    private int samples;

    @Mixin private ResultOptions output = new ResultOptions();

    @Override
    public void run() {
        positive("--batch", batches);
        positive("--context", contexts);
        positive("--prefill", prompts);
        positive("--ranks", ranks);
        Counts.requirePositive("--samples", samples);
        ModelConfig config = QwenShape.of(shape).config();
        try (Arena arena = Arena.ofShared();
                ComputeBackend backend = device.openBackend()) {
            output.report(
                    "Steps on " + backend.capabilities().description(),
                    measure(arena, backend, config));
        }
    }

    private static void positive(String option, List<Integer> counts) {
        counts.forEach(count -> Counts.requirePositive(option, count));
    }

    private List<BenchResult> measure(Arena arena, ComputeBackend backend, ModelConfig config) {
        int positions = Math.max(Collections.max(contexts), Collections.max(prompts));
        if (positions > config.maxPositions()) {
            throw new InputException("a context has at most " + config.maxPositions());
        }
        int batchMax = Collections.max(batches);
        StepSize size =
                new StepSize(Math.max(PREFILL_ROWS, batchMax), batchMax, batchMax, positions);
        TimedSteps.Setting setting = new TimedSteps.Setting(shape, config, weights, size, samples);
        OptionalDouble bandwidth = CopyBandwidth.measure(backend);
        long needed = setting.bytesWithoutKv(backend) + setting.kvBytes(backend, PREFILL_ROWS, 1);
        long free = backend.freeBytes().orElse(Long.MAX_VALUE);
        if (needed > free) {
            return List.of(setting.skipped(needed, free));
        }
        RandomModel random = new RandomModel(arena, backend, config, weights, size);
        List<BenchResult> results = new ArrayList<>();
        TimedSteps steps = new TimedSteps(setting, backend, random, bandwidth);
        for (int context : contexts) {
            for (int batch : batches) {
                results.add(steps.decode(batch, context));
            }
        }
        for (int prompt : prompts) {
            results.add(steps.prefill(prompt));
        }
        int context = contexts.getFirst();
        for (int rank : ranks) {
            for (int batch : batches) {
                results.add(steps.decodeWithAdapters(batch, context, rank, 1));
            }
        }
        batches.stream()
                .filter(batch -> batch > 1 && batch <= ADAPTERS_MAX)
                .max(Integer::compare)
                .map(batch -> steps.decodeWithAdapters(batch, context, ranks.getFirst(), batch))
                .ifPresent(results::add);
        return results;
    }
}
