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
import java.util.stream.Stream;

/**
 * A sequence's bits do not depend on its neighbours, on how its prompt is cut, or on the number of
 * threads. Log-probabilities are compared as floats for equality: one bit of difference anywhere in
 * 20 logits of 24 steps, each built on all before it, fails.
 */
class BatchInvarianceTest {
    private static final int NEIGHBOURS_MAX = 15;

    private static final List<Company> COMPANIES =
            Stream.of(1, 7, 64, 512)
                    .flatMap(chunk -> Stream.of(0, 3, 8).map(n -> new Company(chunk, n)))
                    .toList();

    /** For the slow device: cuts that tiles divide and do not, and up to 16 rows to decode. */
    private static final List<Company> COMPANIES_FEW =
            List.of(new Company(7, 8), new Company(64, NEIGHBOURS_MAX), new Company(512, 3));

    /** How many rows a step of the prompt has at most, and how many sequences run beside it. */
    private record Company(int chunk, int neighbours) {}

    /** What an engine is opened with, its KV in {@code kv} and its weights as stored if null. */
    private record Setting(Path checkpoint, Device device, DType kv, @Nullable DType weights) {}

    @ParameterizedTest(name = "{0}, KV {1}, weights {2}")
    @CsvSource({
        "dim64-group7-tied, F32,",
        "dim128-group5-yarn, F32,",
        "dim32-group8, BF16,",
        "dim128-group6, BF16,",
        "dim64-group7-tied, INT8,",
        "dim64-group7-tied, F32, INT8",
        "dim128-group5-yarn, F32, INT4"
    })
    void sameBitsInEveryCompany(String name, DType kv, @Nullable DType weights) {
        TestDevices.require(Device.CPU);
        Setting setting = new Setting(Goldens.checkpoint(name), Device.CPU, kv, weights);
        Completion expected = run(setting, 1, new Company(512, 0));
        for (int threads : new int[] {1, 2}) {
            assertSameInAll(COMPANIES, expected, setting, threads, () -> {});
        }
    }

    /** The CUDA kernels, every run with its blocks and warps in another order. */
    @ParameterizedTest(name = "{0} on ptx, weights {1}")
    @CsvSource({
        "dim64-group7-tied,",
        "dim128-group5-yarn,",
        "dim32-group8,",
        "dim64-group7-tied, INT4"
    })
    void sameBitsOnCuda(String name, @Nullable DType weights) {
        TestDevices.require(Device.PTX);
        PtxDevice device = TestDevices.ptx();
        device.clear();
        long[] seed = {0};
        Setting setting = cuda(name, Device.PTX, weights);
        Completion expected = run(setting, 1, new Company(512, 0));
        assertSameInAll(COMPANIES_FEW, expected, setting, 1, () -> device.seed(seed[0]++));
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
        Setting setting = cuda(name, Device.CUDA, weights);
        Completion expected = run(setting, 1, new Company(512, 0));
        assertSameInAll(COMPANIES, expected, setting, 1, () -> {});
        assertSameInAll(COMPANIES_FEW, expected, setting, 1, () -> {});
    }

    private static Setting cuda(String checkpoint, Device device, @Nullable DType weights) {
        return new Setting(Goldens.checkpoint(checkpoint), device, DType.BF16, weights);
    }

    private static void assertSameInAll(
            List<Company> companies,
            Completion expected,
            Setting setting,
            int threads,
            Runnable beforeRun) {
        for (Company company : companies) {
            beforeRun.run();
            assertEquals(
                    expected,
                    run(setting, threads, company),
                    "%d threads, %s".formatted(threads, company));
        }
    }

    private static Completion run(Setting setting, int threads, Company company) {
        Path checkpoint = setting.checkpoint;
        EngineConfig config =
                EngineConfig.of(checkpoint)
                        .device(setting.device)
                        .threads(threads)
                        .kvDtype(setting.kv)
                        .weights(setting.weights)
                        .prefillRowsMax(company.chunk)
                        .steadyDecoding(false) // or no chunk would be larger than a few rows
                        .sequencesMax(NEIGHBOURS_MAX + 1)
                        .kvTokensMax(8192)
                        .build();
        try (Engine engine = Engine.open(config)) {
            List<Generation> others = new ArrayList<>();
            for (int i = 0; i < company.neighbours; i++) {
                // They start earlier and go on longer, at lengths that shift against each other.
                List<Integer> prompt = Goldens.prompt(checkpoint, i % 2 == 0 ? 33 : 7);
                others.add(engine.submit(sampled(prompt, 100 + i, 90 + 5 * i)));
            }
            Completion completion =
                    Completion.of(engine, sampled(Goldens.prompt(checkpoint, 300), 5, 24));
            others.forEach(Generation::cancel);
            return completion;
        }
    }

    private static GenerationRequest sampled(List<Integer> prompt, long seed, int tokens) {
        SamplingOptions sampling =
                SamplingOptions.builder()
                        .temperature(0.9f)
                        .topK(40)
                        .topP(0.95f)
                        .seed(seed)
                        .logprobs(20)
                        .build();
        return GenerationRequest.ids(prompt)
                .withMaxTokens(tokens)
                .withSampling(sampling)
                .ignoringEos();
    }
}
