package dev.longhand.engine.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The host's work for a decode step on the CUDA path, sampling included, is the same at contexts of
 * 100 and 16,000: launches, bytes copied each way, bytes allocated on the heap. Copies of the first
 * page fill the far context. Warm-up takes 160 steps, because the JDK customises method handles
 * after their first 127 calls.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class DecodeWorkTest {
    private static final int NEAR = 100;
    private static final int FAR = 16_000;
    private static final int WARM_UP_STEPS = 160;
    private static final int STEPS = 8;
    private static final int MEASUREMENTS = 3;

    /** Qwen2.5's sampling parameters for reasoning, with biases and every available penalty. */
    private static final SamplingParams PARAMS =
            new SamplingParams(0.7f, 20, 0.8f, 0.01f, 1.05f, 0.1f, 3, 0)
                    .with(0.01f, Map.of(3, -100f, 40, 2f));

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @TempDir private Path folder;

    /**
     * The cost of several steps for the host.
     *
     * @param launches kernel launches
     * @param bytesToDevice bytes copied to the device
     * @param bytesToHost bytes copied to the host
     * @param heapBytes bytes allocated by the thread that runs the steps
     */
    private record Work(long launches, long bytesToDevice, long bytesToHost, long heapBytes) {}

    @Test
    void isFlatFrom100To16000() throws IOException {
        TestDevices.require(TestDevices.PTX);
        try (StepRunner runner = new StepRunner(checkpoint(), TestDevices.PTX, 1, 64, FAR + 64)) {
            runner.takePages(KvShape.pagesFor(FAR + 64));
            runner.step(new int[64], 0, 64);
            for (int page = 1; page < KvShape.pagesFor(FAR + 64); page++) {
                runner.copyPage(0, page);
            }
            SamplerState sampler = new SamplerState(PARAMS, runner.vocabulary());
            sampler.observePrompt(5);
            for (int i = 0; i < WARM_UP_STEPS; i++) {
                runner.sample(sampler, NEAR + i % STEPS);
            }
            measure(runner, sampler, NEAR); // the first calls of measure() allocate
            Work near = steady(runner, sampler, NEAR);
            runner.sample(sampler, FAR); // first a plain step, then a recorded one
            runner.sample(sampler, FAR);
            Work far = steady(runner, sampler, FAR);
            System.out.printf("%d decode steps at 100: %s, at 16,000: %s%n", STEPS, near, far);
            assertEquals(near, far);
            assertEquals(0, near.heapBytes());
            assertEquals(STEPS * Integer.BYTES, near.bytesToHost());
            assertTrue(near.launches() > STEPS);
        }
        assertEquals(List.of(), TestDevices.ptx().findings());
    }

    /**
     * Copies the golden checkpoint and raises its maximum positions; its weights do not depend on
     * them.
     */
    private Path checkpoint() throws IOException {
        Path golden = Goldens.checkpoint("dim64-group7-tied");
        String config = Files.readString(golden.resolve("config.json"));
        assertTrue(config.contains("\"max_position_embeddings\": 512"), config);
        Files.writeString(
                folder.resolve("config.json"),
                config.replace(
                        "\"max_position_embeddings\": 512", "\"max_position_embeddings\": 20000"));
        Files.copy(golden.resolve("model.safetensors"), folder.resolve("model.safetensors"));
        return folder;
    }

    /** Measures several times: a method that the JDK compiles anew may allocate once. */
    private static Work steady(StepRunner runner, SamplerState sampler, int context) {
        return Stream.generate(() -> measure(runner, sampler, context))
                .limit(MEASUREMENTS)
                .min(Comparator.comparingLong(Work::heapBytes))
                .orElseThrow();
    }

    private static Work measure(StepRunner runner, SamplerState sampler, int context) {
        PtxDevice device = TestDevices.ptx();
        device.clear();
        long before = allocated();
        for (int i = 0; i < STEPS; i++) {
            runner.sample(sampler, context + i);
        }
        long heapBytes = allocated() - before;
        return new Work(launches(device), device.bytesToDevice(), device.bytesToHost(), heapBytes);
    }

    private static long launches(PtxDevice device) {
        long sum = 0;
        for (JsonNode kernel : new JsonMapper().readTree(device.countersJson())) {
            sum += kernel.get("launches").asLong();
        }
        return sum;
    }

    private static long allocated() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }
}
