package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.sun.management.ThreadMXBean;

import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Decoding allocates nothing on the Java heap, counted on the thread that decodes. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AllocationTest {
    private static final int WARM_UP_TOKENS = 20_000;
    private static final int MEASURED_TOKENS = 2_000;

    @Test
    void decodingAllocatesNothing() throws InterruptedException {
        TestDevices.require(Device.CPU);
        SamplingOptions sampling = new SamplingOptions(0.8f, 40, 0.95f, 0.01f, 1.1f, 0.5f, 1L, 5);
        EngineConfig config = EngineConfig.of(Goldens.LONG).device(Device.CPU).threads(2).build();
        try (Engine engine = Engine.open(config)) {
            Generation generation =
                    engine.submit(
                            GenerationRequest.ids(List.of(1, 2, 3))
                                    .withSampling(sampling)
                                    .ignoringEos());
            long thread = deviceThread();
            read(generation, WARM_UP_TOKENS);
            long before = allocated(thread);
            read(generation, MEASURED_TOKENS);
            long bytes = allocated(thread) - before;
            System.out.printf("decoding: %d B for %d tokens%n", bytes, MEASURED_TOKENS);
            assertEquals(0, bytes);
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
