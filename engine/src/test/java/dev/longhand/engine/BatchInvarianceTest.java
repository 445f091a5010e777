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

/**
 * A sequence's bits do not depend on its neighbours, on how its prompt is cut, or on the number of
 * threads. Log-probabilities are compared as floats for equality: one bit of difference anywhere in
 * 20 logits of 24 steps, each built on all before it, fails.
 */
class BatchInvarianceTest {
    private static final int NEIGHBOURS_MAX = 8;

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
        Completion expected = run(setting, 1, 512, 0);
        for (int threads : new int[] {1, 2}) {
            assertSameInEveryCompany(expected, setting, threads, () -> {});
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
        cuda(Goldens.checkpoint(name), Device.PTX, weights, () -> device.seed(seed[0]++));
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
        cuda(Goldens.checkpoint(name), Device.CUDA, weights, () -> {});
    }

    private static void cuda(
            Path checkpoint, Device device, @Nullable DType weights, Runnable beforeRun) {
        Setting setting = new Setting(checkpoint, device, DType.BF16, weights);
        Completion expected = run(setting, 1, 512, 0);
        assertSameInEveryCompany(expected, setting, 1, beforeRun);
    }

    private static void assertSameInEveryCompany(
            Completion expected, Setting setting, int threads, Runnable beforeRun) {
        for (int chunk : new int[] {1, 7, 64, 512}) {
            for (int neighbours : new int[] {0, 3, NEIGHBOURS_MAX}) {
                beforeRun.run();
                assertEquals(
                        expected,
                        run(setting, threads, chunk, neighbours),
                        "%d threads, chunks of %d, %d neighbours"
                                .formatted(threads, chunk, neighbours));
            }
        }
    }

    private static Completion run(Setting setting, int threads, int chunk, int neighbours) {
        Path checkpoint = setting.checkpoint;
        EngineConfig config =
                EngineConfig.of(checkpoint)
                        .device(setting.device)
                        .threads(threads)
                        .kvDtype(setting.kv)
                        .weights(setting.weights)
                        .prefillRowsMax(chunk)
                        .steadyDecoding(false) // or no chunk would be larger than a few rows
                        .sequencesMax(NEIGHBOURS_MAX + 1)
                        .kvTokensMax(8192)
                        .build();
        try (Engine engine = Engine.open(config)) {
            List<Generation> others = new ArrayList<>();
            for (int i = 0; i < neighbours; i++) {
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
