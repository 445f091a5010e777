package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Speculation;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * The host's work for a decode step on the CUDA path is the same at any context. Launches per step
 * come from the difference between two generations of different length; heap bytes are the
 * allocations of the device thread during a generation. Warm-up takes 400 steps, because the JDK
 * customises method handles on the calling thread after some hundred calls.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CudaHostWorkTest {
    private static final int SHORT = 4;
    private static final int LONG = 36;
    private static final int WARM_UP_TOKENS = 400;

    @TempDir private Path folder;

    /**
     * The cost of one step for the host.
     *
     * @param launches kernel launches
     * @param heapBytes bytes allocated by the device thread
     */
    private record Work(double launches, double heapBytes) {}

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

    @Test
    void isFlatInTheContext() throws Exception {
        TestDevices.require(TestDevices.PTX);
        EngineConfig config =
                EngineConfig.of(checkpoint()).withDevice(TestDevices.PTX).withSequencesMax(1);
        try (Engine engine = Engine.open(config)) {
            generate(engine, 10, WARM_UP_TOKENS);
            Work near = measure(engine, 100);
            Work far = measure(engine, 2_000);
            System.out.printf("decode step at 100: %s, at 2,000: %s%n", near, far);
            assertEquals(near.launches(), far.launches());
            assertEquals(0, near.heapBytes());
            assertEquals(0, far.heapBytes());
        }
    }

    private static Work measure(Engine engine, int context) throws InterruptedException {
        generate(engine, context, SHORT); // both measured runs reuse the prompt's pages
        long before = launches();
        long bytes = heapBytes(engine, context);
        long launchesLong = launches() - before;
        before = launches();
        generate(engine, context, SHORT);
        long launchesShort = launches() - before;
        double steps = LONG - SHORT;
        return new Work((launchesLong - launchesShort) / steps, bytes / (steps - SHORT));
    }

    /**
     * Returns the heap bytes of a generation of {@link #LONG} tokens without the first ones, whose
     * steps may be recorded.
     */
    private static long heapBytes(Engine engine, int context) throws InterruptedException {
        long thread = deviceThread();
        Generation generation = engine.submit(request(context, LONG));
        for (int i = 0; i < SHORT; i++) {
            assertInstanceOf(GenerationEvent.TokenEmitted.class, generation.next());
        }
        long before = allocated(thread);
        for (int i = SHORT; i < LONG - SHORT; i++) { // the last tokens may allocate
            assertInstanceOf(GenerationEvent.TokenEmitted.class, generation.next());
        }
        long bytes = allocated(thread) - before;
        Completion.of(generation);
        return bytes;
    }

    private static GenerationRequest request(int context, int tokens) {
        List<Integer> prompt = IntStream.range(0, context).mapToObj(i -> i % 300).toList();
        return GenerationRequest.ids(prompt)
                .withMaxTokens(tokens)
                .withSpeculation(Speculation.OFF)
                .ignoringEos();
    }

    private static void generate(Engine engine, int context, int tokens) {
        assertEquals(tokens, Completion.of(engine, request(context, tokens)).ids().size());
    }

    private static long launches() {
        long sum = 0;
        for (JsonNode kernel : new JsonMapper().readTree(TestDevices.ptx().countersJson())) {
            sum += kernel.get("launches").asLong();
        }
        return sum;
    }

    private static long allocated(long thread) {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getThreadAllocatedBytes(thread);
    }

    private static long deviceThread() {
        return Arrays.stream(ManagementFactory.getThreadMXBean().dumpAllThreads(false, false))
                .filter(thread -> thread.getThreadName().equals("longhand-device"))
                .mapToLong(ThreadInfo::getThreadId)
                .max()
                .orElseThrow();
    }
}
