package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Several samples of one prompt: the prompt is computed once, and each sample has the same bits as
 * when it runs alone.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SamplesTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim64-group7-tied");
    private static final int PAGE = 64;
    private static final long SEED = 40;

    @TempDir private Path temporary;

    private static EngineConfig config(Device device) {
        TestDevices.require(device);
        return EngineConfig.of(CHECKPOINT)
                .withDevice(device)
                .withThreads(2)
                .withContextTokensMax(512);
    }

    private static GenerationRequest request(int promptTokens, int tokens, long seed) {
        List<Integer> prompt = Goldens.prompt(CHECKPOINT, 300);
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(0.9f)
                        .withTopK(40)
                        .withTopP(0.95f)
                        .withSeed(seed)
                        .withLogprobs(3);
        return GenerationRequest.ids(
                        IntStream.range(0, promptTokens)
                                .mapToObj(i -> prompt.get((i + i / 300) % 300))
                                .toList())
                .withMaxTokens(tokens)
                .withSampling(sampling)
                .ignoringEos();
    }

    private static List<Completion> alone(Device device, int promptTokens, int tokens, int count) {
        List<Completion> alone = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try (Engine engine = Engine.open(config(device))) {
                alone.add(Completion.of(engine, request(promptTokens, tokens, SEED + i)));
            }
        }
        return alone;
    }

    private static void assertLikeAlone(Device device, int promptTokens, int count) {
        List<Completion> alone = alone(device, promptTokens, 20, count);
        assertTrue(alone.stream().distinct().count() > 1, "seeds that differ draw otherwise");
        try (Engine engine = Engine.open(config(device).withKvTokensMax(8192))) {
            List<Generation> samples = engine.submitAll(request(promptTokens, 20, SEED), count);
            List<Usage> usages = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                assertEquals(alone.get(i), Completion.of(samples.get(i), usages::add), "" + i);
            }
            assertEquals(0, usages.getFirst().cachedPromptTokens());
            for (Usage usage : usages.subList(1, count)) {
                assertEquals(promptTokens - 1, usage.cachedPromptTokens());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 63, 64, 65, 100, 128, 129, 300})
    void everySampleIsAsAlone(int promptTokens) {
        assertLikeAlone(Device.CPU, promptTokens, 4);
    }

    @Test
    void everySampleIsAsAloneOnCuda() {
        TestDevices.require(TestDevices.PTX);
        PtxDevice device = TestDevices.ptx();
        device.clear();
        assertLikeAlone(TestDevices.PTX, 100, 3);
        assertEquals(List.of(), device.findings());
    }

    /**
     * Each sample needs 7 pages, of which 4 are shared, so all four fit into 4 + 4 * 3 = 16 pages.
     * Without sharing, the third sample would not find its 7.
     */
    @Test
    void sharedPagesAreReservedOnce() {
        int pages = 4 + 4 * 3;
        EngineConfig config =
                config(Device.CPU).withSequencesMax(4).withKvTokensMax((pages - 3) * PAGE);
        try (Engine engine = Engine.open(config)) {
            List<Usage> usages = new ArrayList<>();
            for (Generation sample : engine.submitAll(request(300, 100, SEED), 4)) {
                Completion.of(sample, usages::add);
            }
            Usage first = usages.getFirst();
            long end = first.queuedNanos() + first.prefillNanos() + first.decodeNanos();
            for (Usage usage : usages) {
                assertTrue(usage.queuedNanos() < end, "began while the first ran: " + usages);
            }
        }
    }

    @Test
    void moreSamplesThanPlaces() {
        List<Completion> alone = alone(Device.CPU, 100, 20, 7);
        try (Engine engine = Engine.open(config(Device.CPU).withSequencesMax(2))) {
            List<Generation> samples = engine.submitAll(request(100, 20, SEED), 7);
            for (int i = 0; i < 7; i++) {
                assertEquals(alone.get(i), Completion.of(samples.get(i)));
            }
        }
    }

    @Test
    void whenTheFirstIsCancelledAnotherComputesThePrompt() {
        List<Completion> alone = alone(Device.CPU, 300, 20, 4);
        // The prompt advances by two rows a step, so the cancel arrives in its middle.
        EngineConfig config = config(Device.CPU).withPrefillRowsMax(2).withKvTokensMax(4096);
        try (Engine engine = Engine.open(config)) {
            List<Generation> samples = engine.submitAll(request(300, 20, SEED), 4);
            samples.getFirst().cancel();
            assertEquals(FinishReason.CANCELLED, Completion.of(samples.getFirst()).reason());
            for (int i = 1; i < 4; i++) {
                assertEquals(alone.get(i), Completion.of(samples.get(i)));
            }
        }
    }

    @Test
    void samplesOfAnAdapterHoldItOnceEach() throws InterruptedException {
        Path adapter = temporary.resolve("adapter");
        TestAdapter.allLinear(CHECKPOINT, 8, 5).write(adapter);
        EngineConfig config = config(Device.CPU).withAdapter("a", adapter).withQueueDepthMax(3);
        try (Engine engine = Engine.open(config)) {
            GenerationRequest request = request(100, 10, SEED).withAdapter("a");
            for (Generation sample : engine.submitAll(request, 3)) {
                assertEquals(10, Completion.of(sample).ids().size());
            }
            assertThrows(InputException.class, () -> engine.submitAll(request, 4));
            assertThrows(InputException.class, () -> engine.submitAll(request, 0));
            List<Generation> running = engine.submitAll(request(100, 400, SEED), 3);
            assertThrows(
                    EngineBusyException.class,
                    () -> {
                        while (true) {
                            engine.submitAll(request.withMaxTokens(400), 2);
                        }
                    });
            running.forEach(Generation::cancel);
            engine.adapters().unload("a"); // returns once no sequence holds it
        }
    }
}
