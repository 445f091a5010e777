package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Prompts of megabytes end neither the process nor the patience of others. */
@Timeout(300)
class LongPromptTest {
    private static final int OVERSIZED = 4_000_000;

    /**
     * Limit for a gap between tokens and between the ticks of a virtual thread, when two processors
     * are free. Encoding on carriers made gaps of many seconds.
     */
    private static final long GAP_MILLIS_MAX = 100;

    /**
     * Weight of the delay that the machine's other work causes: the longest gap of a platform
     * thread that only sleeps. A token needs the processor several times.
     */
    private static final int OTHER_WORK = 4;

    private static final int ROUNDS = 4;

    private static Engine engine() {
        return Engine.open(
                EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                        .withDevice(Device.CPU)
                        .withThreads(1));
    }

    /** The process of {@link #aSmallHeapSurvives}. */
    static final class SmallHeap {
        private SmallHeap() {}

        public static void main(String[] arguments) throws InterruptedException {
            try (Engine engine = engine()) {
                List<String> texts =
                        List.of(
                                "a".repeat(OVERSIZED),
                                "12 ".repeat(OVERSIZED / 3),
                                "\u00e9".repeat(OVERSIZED / 2),
                                "\n".repeat(OVERSIZED / 4));
                List<Thread> threads = new ArrayList<>();
                for (String text : texts) {
                    threads.add(Thread.startVirtualThread(() -> refused(engine, text)));
                    threads.add(Thread.startVirtualThread(() -> encoded(engine, text)));
                }
                for (Thread thread : threads) {
                    thread.join();
                }
                GenerationRequest request = GenerationRequest.text("17 + 4 =").withMaxTokens(3);
                System.out.println("ids: " + engine.submit(request).await().ids().size());
            }
        }

        private static void refused(Engine engine, String text) {
            try {
                engine.submit(GenerationRequest.text(text));
            } catch (InputException | EngineBusyException e) {
                System.out.println("refused");
            }
        }

        /** Without the bound of the context, as {@code Tokenizer} itself has none. */
        private static void encoded(Engine engine, String text) {
            try {
                engine.tokenizer().orElseThrow().encode(text);
                System.out.println("encoded");
            } catch (OutOfMemoryError e) {
                System.out.println("encoded nothing");
            }
        }
    }

    @Test
    void aSmallHeapSurvives() throws IOException, InterruptedException {
        JavaProcess process = JavaProcess.run(SmallHeap.class, List.of("-Xmx96m"), Map.of());
        assertEquals(0, process.status(), process.output());
        assertEquals(4, process.output().split("refused", -1).length - 1, process.output());
        assertEquals(4, process.output().split("encoded", -1).length - 1, process.output());
        assertTrue(process.output().contains("ids: 3"), process.output());
    }

    @Test
    void charactersAloneMayBeTooMany() {
        try (Engine engine = engine()) {
            String text = "1".repeat(OVERSIZED);
            for (Prompt prompt :
                    List.of(
                            GenerationRequest.text(text).prompt(),
                            GenerationRequest.chat(text).prompt())) {
                long begun = System.nanoTime();
                var error =
                        assertThrows(
                                InputException.class,
                                () -> engine.submit(GenerationRequest.of(prompt)));
                assertEquals(
                        "the prompt has 4000000 characters, at least 4096 tokens;"
                                + " the context holds 4096, output included",
                        error.getMessage());
                assertThrows(InputException.class, () -> engine.tokens(prompt));
                assertTrue(System.nanoTime() - begun < 1_000_000_000, "refused before any work");
            }
            assertTrue(
                    assertThrows(
                                    InputException.class,
                                    () -> engine.submit(GenerationRequest.text("12 ".repeat(4000))))
                            .getMessage()
                            .contains("the context holds 4096, output included"));
        }
    }

    @Test
    void longTextsLeaveCarriersAndTokensAlone() throws InterruptedException {
        try (Engine engine = engine()) {
            engine.tokenizer().orElseThrow().encode("warm up ".repeat(1000));
            Gaps gaps = gaps(engine);
            for (int i = 1; i < ROUNDS && !gaps.shortEnough(); i++) {
                gaps = gaps(engine);
            }
            System.out.println(gaps);
            assertTrue(gaps.shortEnough(), gaps.toString());
        }
    }

    /** The longest gap between tokens or ticks of a virtual thread, and of a platform thread. */
    private record Gaps(long millis, long machineMillis) {
        boolean shortEnough() {
            return millis < GAP_MILLIS_MAX + OTHER_WORK * machineMillis;
        }
    }

    /** Measures while 64 oversized prompts arrive. */
    private static Gaps gaps(Engine engine) throws InterruptedException {
        Tokenizer tokenizer = engine.tokenizer().orElseThrow();
        Generation running =
                engine.submit(GenerationRequest.text("17").withMaxTokens(4000).ignoringEos());
        AtomicLong gap = new AtomicLong();
        CountDownLatch begun = new CountDownLatch(1);
        Thread reader = Thread.startVirtualThread(() -> read(running, begun, gap));
        begun.await();
        Thread ticker = Thread.startVirtualThread(() -> tick(engine, gap));
        AtomicLong machineGap = new AtomicLong();
        Thread machine = Thread.ofPlatform().start(() -> tick(engine, machineGap));
        AtomicInteger refused = new AtomicInteger();
        List<Thread> clients = new ArrayList<>();
        String oversized = "a".repeat(OVERSIZED);
        String longest = "The answer is 17. ".repeat(1_000_000 / 18);
        for (int i = 0; i < 64; i++) {
            clients.add(
                    Thread.startVirtualThread(
                            () -> {
                                assertThrows(
                                        InputException.class,
                                        () -> engine.submit(GenerationRequest.chat(oversized)));
                                refused.incrementAndGet();
                            }));
        }
        for (int i = 0; i < 4; i++) {
            clients.add(Thread.startVirtualThread(() -> tokenizer.encode(longest)));
        }
        for (Thread client : clients) {
            client.join();
        }
        ticker.interrupt();
        machine.interrupt();
        running.close();
        ticker.join();
        machine.join();
        reader.join();
        assertEquals(64, refused.get());
        return new Gaps(gap.get() / 1_000_000, machineGap.get() / 1_000_000);
    }

    private static void read(Generation running, CountDownLatch begun, AtomicLong gap) {
        try {
            long last = System.nanoTime();
            GenerationEvent event = running.next();
            while (event instanceof GenerationEvent.TokenEmitted) {
                long now = System.nanoTime();
                if (begun.getCount() == 0) {
                    gap.accumulateAndGet(now - last, Math::max);
                }
                last = now;
                begun.countDown();
                event = running.next();
            }
            assertInstanceOf(GenerationEvent.Finished.class, event);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Makes a cheap call every few milliseconds. */
    private static void tick(Engine engine, AtomicLong gap) {
        try {
            for (long last = System.nanoTime(); ; ) {
                Thread.sleep(5);
                assertTrue(engine.load().alive());
                long now = System.nanoTime();
                gap.accumulateAndGet(now - last, Math::max);
                last = now;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
