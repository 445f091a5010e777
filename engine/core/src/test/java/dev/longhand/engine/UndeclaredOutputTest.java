package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Usage;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * Requests that declare no length share a KV cache of one full context. They run together, some
 * pause, and each ends with the output that it has alone.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class UndeclaredOutputTest {
    private static final int CONTEXT = 384; // 6 pages
    private static final int SEQUENCES = 4;

    private static EngineConfig config(Device device) {
        return EngineConfig.of(Goldens.checkpoint("dim32-group8"))
                .withDevice(device)
                .withThreads(1)
                .withContextTokensMax(CONTEXT)
                .withSequencesMax(SEQUENCES)
                .withPrefillRowsMax(32);
    }

    private static GenerationRequest undeclared(int seed) {
        return GenerationRequest.ids(IntStream.range(1, 20 + 7 * seed).boxed().toList())
                .withSampling(
                        SamplingOptions.DEFAULT
                                .withTemperature(1f)
                                .withFrequencyPenalty(0.3f)
                                .withSeed((long) seed)
                                .withLogprobs(2))
                .withSpeculation(seed % 2 == 0 ? Speculation.OFF : Speculation.ON)
                .ignoringEos();
    }

    private static List<Completion> alone(Device device, List<GenerationRequest> requests) {
        try (Engine engine = Engine.open(config(device).withKvTokensMax(CONTEXT))) {
            return requests.stream().map(request -> Completion.of(engine, request)).toList();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void eachHasTheOutputThatItHasAlone(String name) {
        Device device = Device.of(name);
        TestDevices.require(device);
        List<GenerationRequest> requests = new ArrayList<>();
        for (int seed = 0; seed < 2 * SEQUENCES; seed++) {
            requests.add(undeclared(seed));
        }
        requests.add(3, undeclared(20).withMaxTokens(100)); // declared: its pages are reserved
        List<Completion> alone = alone(device, requests);
        try (Engine engine = Engine.open(config(device).withKvTokensMax(CONTEXT))) {
            List<Generation> generations = requests.stream().map(engine::submit).toList();
            int together = 0;
            while (engine.load().running() + engine.load().waiting() > 0) {
                together = Math.max(together, engine.load().running());
                Thread.onSpinWait();
            }
            for (int i = 0; i < requests.size(); i++) {
                assertEquals(alone.get(i), Completion.of(generations.get(i)), "request " + i);
            }
            assertTrue(together > 1, "no two sequences ran together");
            assertEquals(FinishReason.CONTEXT, alone.getFirst().reason());
            assertEquals(0, engine.load().kvPagesHeld());
        }
    }

    /** A request that was submitted later never makes an earlier one wait for its end. */
    @Test
    void theOldestEndsFirst() throws InterruptedException {
        try (Engine engine = Engine.open(config(Device.CPU).withKvTokensMax(CONTEXT))) {
            List<Long> durations = new ArrayList<>();
            for (Generation generation : engine.submitAll(undeclared(0), 3)) {
                durations.add(duration(generation.await().usage()));
            }
            assertTrue(durations.get(0) < durations.get(1), durations.toString());
            assertTrue(durations.get(0) < durations.get(2), durations.toString());
        }
    }

    /** Time from submission to the end, as the device thread measured it. */
    private static long duration(Usage usage) {
        return usage.queuedNanos() + usage.prefillNanos() + usage.decodeNanos();
    }

    @Test
    @SuppressWarnings("try") // closes the engine while its generations run
    void pausedSequencesAreCancelledAndClosed() throws InterruptedException {
        try (Engine engine = Engine.open(config(Device.CPU).withKvTokensMax(CONTEXT))) {
            List<Generation> generations = engine.submitAll(undeclared(0), SEQUENCES);
            while (engine.load().waiting() == 0) {
                if (engine.load().running() == 0) { // this thread was too slow to see the pause
                    generations = engine.submitAll(undeclared(0), SEQUENCES);
                }
            }
            generations.getLast().cancel(); // the youngest pauses first
            assertEquals(FinishReason.CANCELLED, generations.getLast().await().reason());
            engine.close();
            for (Generation generation : generations.subList(0, SEQUENCES - 1)) {
                assertTrue(generation.await().ids().size() < CONTEXT);
            }
        }
    }

    /** By default the cache has room for a full context of every sequence, if memory has. */
    @Test
    void theDefaultCacheIsSizedFromMemory() {
        try (Engine engine = Engine.open(config(Device.CPU))) {
            int pages = Math.ceilDiv(CONTEXT * SEQUENCES, 64) + SEQUENCES - 1;
            assertEquals(pages, engine.load().kvPages());
        }
    }
}
