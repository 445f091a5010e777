package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;

import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.generation.Usage;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** Decoding allocates nothing on the Java heap, measured on the device thread. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AllocationTest {
    private static final int WARM_UP_TOKENS = 20_000;
    private static final int MEASURED_TOKENS = 2_000;

    /** A rule that searches for loops at the usual cost but never finds one. */
    private static final LoopRule NEVER = new LoopRule(1024, 1 << 20, 1 << 30, 48, 1, 8);

    @Test
    void decodingAllocatesNothing() throws InterruptedException {
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(0.8f)
                        .withTopK(40)
                        .withTopP(0.95f)
                        .withMinP(0.01f)
                        .withRepetitionPenalty(1.1f)
                        .withFrequencyPenalty(0.001f)
                        .withPresencePenalty(0.5f)
                        .withLogitBias(Map.of(3, -100f, 40, 2f))
                        .withSeed(1L)
                        .withLogprobs(5);
        measure(sampling, Speculation.OFF);
    }

    /** Greedy tokens of a random checkpoint run into a loop, so draft tokens are accepted. */
    @Test
    void decodingWithGuessesAllocatesNothing() throws InterruptedException {
        Usage usage = measure(SamplingOptions.greedy().withLogprobs(5), Speculation.ON);
        System.out.println("with guesses: " + usage);
        assertTrue(usage.acceptedTokens() > MEASURED_TOKENS, usage.toString());
        assertTrue(usage.draftedTokens() > usage.acceptedTokens(), usage.toString());
    }

    private static Usage measure(SamplingOptions sampling, Speculation speculation)
            throws InterruptedException {
        TestDevices.require(Device.CPU);
        EngineConfig config = EngineConfig.of(Goldens.LONG).withDevice(Device.CPU).withThreads(2);
        try (Engine engine = Engine.open(config)) {
            Generation generation =
                    engine.submit(
                            GenerationRequest.ids(List.of(1, 2, 3))
                                    .withSampling(sampling)
                                    .withSpeculation(speculation)
                                    .withLoopRule(NEVER)
                                    .withTimeouts(new Timeouts(600_000L, 600_000L))
                                    .ignoringEos());
            long thread = deviceThread();
            read(generation, WARM_UP_TOKENS);
            long before = allocated(thread);
            read(generation, MEASURED_TOKENS);
            long bytes = allocated(thread) - before;
            System.out.printf("decoding: %d B for %d tokens%n", bytes, MEASURED_TOKENS);
            assertEquals(0, bytes);
            generation.cancel();
            AtomicReference<Usage> usage = new AtomicReference<>();
            Completion.of(generation, usage::set);
            return usage.get();
        }
    }

    private static void read(Generation generation, int tokens) throws InterruptedException {
        for (int i = 0; i < tokens; i++) {
            assertInstanceOf(GenerationEvent.TokenEmitted.class, generation.next());
        }
    }

    private static long allocated(long thread) {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getThreadAllocatedBytes(thread);
    }

    private static long deviceThread() {
        return Arrays.stream(ManagementFactory.getThreadMXBean().dumpAllThreads(false, false))
                .filter(thread -> thread.getThreadName().equals("longhand-device"))
                .mapToLong(java.lang.management.ThreadInfo::getThreadId)
                .max()
                .orElseThrow();
    }
}
