package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A sequence's bits do not depend on its neighbours, on the chunking of its prompt, or on the
 * number of threads. Log-probabilities are compared as floats for equality. A difference of one bit
 * anywhere in the 20 log-probabilities of each of 24 steps, where each step builds on all before
 * it, fails.
 */
class BatchInvarianceTest {
    private static final int NEIGHBOURS_MAX = 15;

    /** The chunk size of the prompt and the number of other sequences. */
    private record Company(int chunk, int neighbours) {}

    private static final List<Company> EVERY = every();

    /**
     * The cases for the PTX device, where a run takes seconds. They cover each chunk size and each
     * number of neighbours, hence each kernel and both of its column tiles, but not every
     * combination.
     */
    private static final List<Company> FEW =
            List.of(
                    new Company(1, 0),
                    new Company(7, 3),
                    new Company(64, 8),
                    new Company(512, NEIGHBOURS_MAX));

    /**
     * The settings of an engine. KV is kept in {@code kv}; {@code weights} is null for weights as
     * stored.
     */
    private record Setting(Path checkpoint, Device device, DType kv, @Nullable DType weights) {}

    @ParameterizedTest(name = "{0}, KV {1}, weights {2}")
    @CsvSource({
        "dim64-group7-tied, F32,",
        "dim128-group5-yarn, F32,",
        "dim32-group8, BF16,",
        "dim128-group6, BF16,",
        "dim64-group7-tied, INT8,",
        "qwen3-dim64-window, BF16,",
        "gemma2-dim32, BF16,",
        "dim64-group7-tied, F32, INT8",
        "dim128-group5-yarn, F32, INT4"
    })
    void sameBitsInEveryCompany(String name, DType kv, @Nullable DType weights) {
        TestDevices.require(Device.CPU);
        Setting setting = new Setting(Goldens.checkpoint(name), Device.CPU, kv, weights);
        Completion expected = run(setting, 1, 512, 0);
        for (int threads : new int[] {1, 2}) {
            assertSame(EVERY, expected, setting, threads, () -> {});
        }
    }

    /** Runs the CUDA kernels, each time with another order of blocks and warps. */
    @ParameterizedTest(name = "{0} on ptx, weights {1}")
    @CsvSource({
        "dim64-group7-tied,",
        "dim128-group5-yarn,",
        "dim32-group8,",
        "qwen3-dim64-window,",
        "dim64-group7-tied, INT4"
    })
    void sameBitsOnCuda(String name, @Nullable DType weights) {
        TestDevices.require(TestDevices.PTX);
        PtxDevice device = TestDevices.ptx();
        device.clear();
        long[] seed = {0};
        cuda(FEW, Goldens.checkpoint(name), TestDevices.PTX, weights, () -> device.seed(seed[0]++));
        assertEquals(List.of(), device.findings());
    }

    @Tag("gpu")
    @ParameterizedTest(name = "{0} on gpu, weights {1}")
    @CsvSource({
        "dim64-group7-tied,",
        "dim128-group5-yarn,",
        "dim32-group8,",
        "dim64-group7-tied, INT8",
        "dim64-group7-tied, INT4",
        "dim64-group7-tied, FP8"
    })
    void sameBitsOnGpu(String name, @Nullable DType weights) {
        TestDevices.require(Device.CUDA);
        cuda(EVERY, Goldens.checkpoint(name), Device.CUDA, weights, () -> {});
    }

    private static List<Company> every() {
        List<Company> every = new ArrayList<>();
        for (int chunk : new int[] {1, 7, 64, 512}) {
            for (int neighbours : new int[] {0, 3, 8, NEIGHBOURS_MAX}) {
                every.add(new Company(chunk, neighbours));
            }
        }
        return every;
    }

    private static void cuda(
            List<Company> companies,
            Path checkpoint,
            Device device,
            @Nullable DType weights,
            Runnable beforeRun) {
        Setting setting = new Setting(checkpoint, device, DType.BF16, weights);
        Completion expected = run(setting, 1, 512, 0);
        assertSame(companies, expected, setting, 1, beforeRun);
    }

    private static void assertSame(
            List<Company> companies,
            Completion expected,
            Setting setting,
            int threads,
            Runnable beforeRun) {
        for (Company company : companies) {
            beforeRun.run();
            assertEquals(
                    expected,
                    run(setting, threads, company.chunk, company.neighbours),
                    () -> threads + " threads, " + company);
        }
    }

    private static Completion run(Setting setting, int threads, int chunk, int neighbours) {
        Path checkpoint = setting.checkpoint;
        EngineConfig config =
                EngineConfig.of(checkpoint)
                        .withDevice(setting.device)
                        .withThreads(threads)
                        .withKvDtype(setting.kv)
                        .withWeights(setting.weights)
                        .withPrefillRowsMax(chunk)
                        .withSteadyDecoding(false) // otherwise chunks are limited to a few rows
                        .withSequencesMax(NEIGHBOURS_MAX + 1)
                        .withKvTokensMax(8192);
        try (Engine engine = Engine.open(config)) {
            List<Generation> others = new ArrayList<>();
            for (int i = 0; i < neighbours; i++) {
                // They begin earlier and run longer, with lengths that differ from each other.
                List<Integer> prompt = prompt(checkpoint, i % 2 == 0 ? 33 : 7);
                others.add(engine.submit(request(plain(100 + i), prompt, 90 + 5 * i)));
            }
            Completion completion =
                    Completion.of(engine, request(selective(5), prompt(checkpoint, 300), 24));
            others.forEach(Generation::cancel);
            return completion;
        }
    }

    /** Returns the golden's longest prompt, repeated or cut to a number of tokens. */
    private static List<Integer> prompt(Path checkpoint, int tokens) {
        List<Integer> longest = Goldens.cases(checkpoint).getLast().prompt();
        return IntStream.range(0, tokens).mapToObj(i -> longest.get(i % longest.size())).toList();
    }

    /** Returns the options of the compared sequence. */
    private static SamplingOptions selective(long seed) {
        return SamplingOptions.DEFAULT
                .withTemperature(0.9f)
                .withTopK(40)
                .withTopP(0.95f)
                .withSeed(seed)
                .withLogprobs(20);
    }

    /**
     * Returns the options of the other sequences. {@link #selective} would take most of a step's
     * time on the PTX device.
     */
    private static SamplingOptions plain(long seed) {
        return SamplingOptions.DEFAULT.withTemperature(0.9f).withSeed(seed);
    }

    private static GenerationRequest request(
            SamplingOptions sampling, List<Integer> prompt, int tokens) {
        return GenerationRequest.ids(prompt)
                .withMaxTokens(tokens)
                .withSampling(sampling)
                .ignoringEos();
    }
}
