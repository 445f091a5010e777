package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.LoopRule;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Request order, rejection and deadlines. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class SchedulingTest {
    private static final Path CHECKPOINT = Goldens.LONG;

    @TempDir private Path temporary;

    @BeforeEach
    void writeAdapters() {
        TestDevices.require(Device.CPU);
        TestAdapter.allLinear(CHECKPOINT, 8, 1).write(temporary.resolve("a"));
        TestAdapter.allLinear(CHECKPOINT, 8, 2).write(temporary.resolve("b"));
    }

    private EngineConfig config() {
        return EngineConfig.of(CHECKPOINT)
                .withDevice(Device.CPU)
                .withThreads(1)
                .withContextTokensMax(4096)
                .withAdapter("a", temporary.resolve("a"))
                .withAdapter("b", temporary.resolve("b"));
    }

    private static GenerationRequest request(@Nullable String adapter, int tokens) {
        return GenerationRequest.ids(List.of(3, 1, 4, 1, 5, 9, 2))
                .withAdapter(adapter)
                .withMaxTokens(tokens)
                .withSampling(SamplingOptions.greedy())
                .ignoringEos();
    }

    /** The time at which a generation began, between two times of one clock, in nanoseconds. */
    private record Begin(long earliest, long latest) {
        boolean surelyBefore(Begin other) {
            return latest < other.earliest;
        }
    }

    /** Submits generations and determines when each began. */
    private static final class Begins {
        private final Engine engine;
        private final List<Generation> generations = new ArrayList<>();
        private final List<Begin> submitted = new ArrayList<>();

        Begins(Engine engine) {
            this.engine = engine;
        }

        void submit(GenerationRequest request) {
            long before = System.nanoTime();
            generations.add(engine.submit(request));
            submitted.add(new Begin(before, System.nanoTime()));
        }

        List<Begin> read() {
            List<Begin> begins = new ArrayList<>();
            for (int i = 0; i < generations.size(); i++) {
                List<Usage> usage = new ArrayList<>();
                Completion.of(generations.get(i), usage::add);
                long queued = usage.getFirst().queuedNanos();
                Begin at = submitted.get(i);
                begins.add(new Begin(at.earliest + queued, at.latest + queued));
            }
            return begins;
        }
    }

    @Test
    void aFloodOfOneAdapterDelaysTheOthersByOneEach() {
        try (Engine engine = Engine.open(config().withSequencesMax(1))) {
            Begins begins = new Begins(engine);
            for (int i = 0; i < 40; i++) {
                begins.submit(request("a", 200));
            }
            for (int i = 0; i < 3; i++) {
                begins.submit(request("b", 20));
                begins.submit(request(null, 20));
            }
            List<Begin> times = begins.read();
            Begin lastCame = begins.submitted.getLast();
            List<Begin> flood = times.subList(0, 40);
            long atFirst = flood.stream().filter(time -> !lastCame.surelyBefore(time)).count();
            long before = flood.stream().filter(time -> time.surelyBefore(times.getLast())).count();
            // Some began before the others arrived; from then on every third one is of the flood.
            assertTrue(before <= atFirst + 5, before + " of the flood, " + atFirst + " at first");
            assertTrue(atFirst < 35, atFirst + " began before the others came");
            for (int i = 1; i < 40; i++) {
                assertTrue(
                        !flood.get(i).surelyBefore(flood.get(i - 1)), "first come, first served");
            }
        }
    }

    @Test
    void aFullLineTurnsAwayNobodyElse() {
        EngineConfig config = config().withSequencesMax(1).withQueueDepthMax(3);
        try (Engine engine = Engine.open(config)) {
            List<Generation> flood = new ArrayList<>();
            EngineBusyException busy =
                    assertThrows(
                            EngineBusyException.class,
                            () -> {
                                while (true) {
                                    flood.add(engine.submit(request("a", 4000)));
                                }
                            });
            assertTrue(busy.retryAfterMillis() >= 10, busy.getMessage());
            assertTrue(busy.retryAfterMillis() <= 60_000, busy.getMessage());
            Generation other = engine.submit(request("b", 5));
            flood.forEach(Generation::cancel);
            assertEquals(FinishReason.LENGTH, Completion.of(other).reason());
        }
    }

    /**
     * Small requests to another adapter keep arriving and would fit where the large one does not.
     */
    @Test
    void aLargeRequestIsNotPassedForEver() {
        EngineConfig config = config().withSequencesMax(4).withKvTokensMax(4096);
        try (Engine engine = Engine.open(config)) {
            Begins begins = new Begins(engine);
            for (int i = 0; i < 4; i++) {
                begins.submit(request("a", 300));
            }
            begins.submit(request("b", 4000));
            for (int i = 0; i < 20; i++) {
                begins.submit(request("a", 300));
            }
            List<Begin> times = begins.read();
            Begin large = times.get(4);
            long passed = times.subList(5, 25).stream().filter(b -> b.surelyBefore(large)).count();
            assertTrue(passed <= 1, passed + " small ones that came later began earlier");
        }
    }

    @Test
    void whoWaitsTooLongIsToldWhenToComeBack() {
        try (Engine engine = Engine.open(config().withSequencesMax(1))) {
            Generation running = engine.submit(request("a", 4000));
            List<Generation> late =
                    List.of(
                            engine.submit(request("b", 5).withTimeouts(new Timeouts(30L, null))),
                            engine.submit(request("b", 5).withTimeouts(Timeouts.total(30))));
            for (Generation generation : late) {
                EngineBusyException busy =
                        assertThrows(EngineBusyException.class, () -> Completion.of(generation));
                assertTrue(busy.retryAfterMillis() > 0);
            }
            running.cancel();
            Completion.of(running);
            Timeouts patient = new Timeouts(60_000L, 60_000L);
            assertEquals(
                    FinishReason.LENGTH,
                    Completion.of(engine, request("b", 5).withTimeouts(patient)).reason());
        }
    }

    @Test
    void aDeadlineEndsWhatHasBegun() {
        try (Engine engine = Engine.open(config())) {
            Completion expected = Completion.of(engine, request("a", 4000));
            Completion cut =
                    Completion.of(engine, request("a", 4000).withTimeouts(Timeouts.total(60)));
            assertEquals(FinishReason.DEADLINE, cut.reason());
            assertTrue(cut.ids().size() < 4000);
            assertEquals(expected.ids().subList(0, cut.ids().size()), cut.ids());
            assertThrows(InputException.class, () -> Timeouts.total(0));
        }
    }

    @Test
    void cancelFreesAWaitingPlaceAtOnce() throws InterruptedException {
        EngineConfig config = config().withSequencesMax(1).withQueueDepthMax(1);
        try (Engine engine = Engine.open(config)) {
            Generation running = engine.submit(request("a", 4000));
            assertInstanceOf(GenerationEvent.TokenEmitted.class, running.next());
            Generation waiting = engine.submit(request("a", 4000));
            waiting.cancel();
            assertEquals(FinishReason.CANCELLED, Completion.of(waiting).reason());
            engine.submit(request("a", 5)).cancel(); // the place is free again
            running.cancel();
        }
    }

    /**
     * Greedy tokens of a random checkpoint run into a loop, which the rule ends with or without
     * draft tokens.
     */
    @Test
    void anOutputThatGoesInCirclesEnds() {
        try (Engine engine = Engine.open(config())) {
            GenerationRequest request = request(null, 4000);
            assertEquals(FinishReason.LENGTH, Completion.of(engine, request).reason());
            LoopRule rule = new LoopRule(1024, 3, 60, 0, 1, 1);
            Completion ended = Completion.of(engine, request.withLoopRule(rule));
            assertEquals(FinishReason.LOOP, ended.reason());
            List<Integer> ids = ended.ids();
            int period = 1;
            while (!periodic(ids, period)) {
                period++;
            }
            assertTrue(period <= 1024, "period " + period);
        }
    }

    private static boolean periodic(List<Integer> ids, int period) {
        int from = Math.max(0, ids.size() - Math.max(60, 3 * period));
        return ids.subList(from, ids.size() - period)
                .equals(ids.subList(from + period, ids.size()));
    }

    @Test
    void samplesAndMergesKeepTheirOrder() throws Exception {
        try (Engine engine = Engine.open(config().withSequencesMax(2))) {
            Completion base = Completion.of(engine, request(null, 30));
            List<Generation> before = engine.submitAll(request(null, 30), 5);
            engine.adapters().merge("a");
            Completion merged = Completion.of(engine, request("a", 30));
            for (Generation sample : before) {
                assertEquals(base, Completion.of(sample));
            }
            engine.adapters().unmerge();
            assertEquals(base, Completion.of(engine, request(null, 30)));
            assertTrue(!merged.equals(base));
        }
    }
}
