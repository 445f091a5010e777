package dev.longhand.bench.training;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.bench.report.Median;
import dev.longhand.bench.report.ProcessorTime;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.training.AdapterInitializer;
import dev.longhand.training.model.AdamWStep;
import dev.longhand.training.model.DecoderOptions;
import dev.longhand.training.model.DeviceLayout;
import dev.longhand.training.model.LoraSettings;
import dev.longhand.training.model.TrainableDecoder;
import dev.longhand.training.model.TrainingPlan;
import dev.longhand.training.model.TrainingSequence;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Times steps of training an adapter, and compares the peak of memory with the plan. */
@Command(
        name = "training",
        mixinStandardHelpOptions = true,
        description = {
            "Trains an adapter on one sequence of random ids, a step at a time: tokens/s and"
                    + " GFLOP/s of",
            "needed work (without recomputation), by the clock and by processor time, which"
                    + " neighbours",
            "disturb less; peak memory beside the plan."
        })
public final class TrainingReport implements Runnable {
    private static final double LEARNED = 0.9;
    private static final double MEBIBYTE = 1 << 20;
    private static final int WARM_UP_TOKENS = 64;

    @Mixin private ModelOptions model = new ModelOptions();

    @Option(names = "--tokens", defaultValue = "512", description = "Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--rank", defaultValue = "64", description = "Default: ${DEFAULT-VALUE}.")
    private int rank;

    @Option(names = "--steps", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
    private int steps;

    @Option(
            names = "--compute",
            defaultValue = "f32",
            description = "f32 or bf16: factors of products. Default: ${DEFAULT-VALUE}.")
    private DType compute = DType.F32;

    @Option(names = "--recompute", description = "Recomputes each layer in the backward pass.")
    private boolean recompute;

    private final List<Double> clockSeconds = new ArrayList<>();
    private final List<Double> processorSeconds = new ArrayList<>();

    @Override
    public void run() {
        Counts.requirePositive("--tokens", tokens);
        Counts.requirePositive("--rank", rank);
        Counts.requirePositive("--steps", steps);
        if (compute != DType.F32 && compute != DType.BF16) {
            throw new InputException("--compute must be f32 or bf16");
        }
        model.announce(steps * tokens / 6.0);
        ModelChoice choice = model.choice();
        Path folder = choice.folder();
        DecoderOptions options =
                new DecoderOptions(
                        LoraSettings.ofRank(rank),
                        choice.quantized(),
                        choice.device(),
                        DeviceLayout.RESIDENT,
                        choice.threads(),
                        compute,
                        recompute);
        TrainingPlan plan = TrainingPlan.of(folder, options, tokens);
        long before = HostMemory.residentBytes();
        try (TrainableDecoder decoder = TrainableDecoder.open(folder, options)) {
            AdapterInitializer.random(decoder, 1);
            step(decoder, Math.min(tokens, WARM_UP_TOKENS), 1);
            for (int i = 0; i < steps; i++) {
                time(decoder, i + 2);
            }
            print(plan, before, decoder.config());
        }
    }

    private void time(TrainableDecoder decoder, int number) {
        long clock = System.nanoTime();
        long processor = ProcessorTime.nanos();
        step(decoder, tokens, number);
        clockSeconds.add((System.nanoTime() - clock) / 1e9);
        processorSeconds.add((ProcessorTime.nanos() - processor) / 1e9);
    }

    private static void step(TrainableDecoder decoder, int length, int number) {
        int[] ids = new Random(number).ints(length, 0, decoder.config().vocabSize()).toArray();
        int[] labels = ids.clone();
        Arrays.fill(labels, 0, length - labels(length), TrainingSequence.NO_LABEL);
        decoder.clearGradients();
        double weight = 1.0 / labels(length);
        decoder.addGradients(List.of(new TrainingSequence(ids, labels, weight, number)));
        double norm = Math.sqrt(decoder.gradientSquares());
        double clip = Math.min(1, 1 / norm);
        decoder.update(new AdamWStep(number, 1e-4, 1e-4, clip, 0.9, 0.999, 1e-8, 0));
    }

    private static int labels(int length) {
        return (int) (length * LEARNED);
    }

    /**
     * Returns the operations that a step needs: forward and the gradient of inputs for every frozen
     * matrix, the head on rows with labels only, 3.5 times the causal half of attention, and the
     * three products of each adapter matrix.
     */
    private double needed(TrainingPlan plan, ModelConfig config) {
        double hidden = config.hiddenSize();
        double queries = (double) config.heads() * config.headDim();
        double keys = (double) config.kvHeads() * config.headDim();
        double layer = 2 * hidden * (queries + keys) + 3 * hidden * config.intermediateSize();
        double attention = 2.0 * queries * tokens;
        double perToken =
                config.layers() * (4 * layer + 3.5 * attention) + 6.0 * plan.trained().parameters();
        return perToken * tokens + 4 * hidden * config.vocabSize() * labels(tokens);
    }

    private void print(TrainingPlan plan, long before, ModelConfig config) {
        double flops = needed(plan, config);
        int threads = model.choice().threads();
        int used = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        print("by the clock", Median.of(clockSeconds), flops);
        print("by processor time of all threads", Median.of(processorSeconds) / used, flops);
        double process = before / MEBIBYTE;
        double most = process + plan.bytes() / MEBIBYTE;
        double least = most - plan.frozen().tableBytes() / MEBIBYTE;
        double peak = HostMemory.peakResidentBytes() / MEBIBYTE;
        System.out.printf(
                Locale.ROOT,
                "planned %,.0f MiB with the %,.0f of this process before, %,.0f without the"
                    + " embedding table,%nwhose pages come as ids name rows; peak %,.0f MiB: %+.1f"
                    + " and %+.1f %%%n",
                most,
                process,
                least,
                peak,
                100 * (peak / most - 1),
                100 * (peak / least - 1));
    }

    private void print(String how, double seconds, double flops) {
        System.out.printf(
                Locale.ROOT,
                "%s: %.2f tokens/s, %.1f GFLOP/s of needed work, median of %d steps%n",
                how,
                tokens / seconds,
                flops / seconds / 1e9,
                steps);
    }
}
