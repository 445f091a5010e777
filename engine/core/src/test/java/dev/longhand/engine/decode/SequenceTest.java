package dev.longhand.engine.decode;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.lora.AdapterUse;
import dev.longhand.engine.speculation.Drafter;
import dev.longhand.engine.speculation.StepCostModel;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.sampling.SamplingParams;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The life of a sequence without a model: regular lives pass, and every irregular call throws. */
class SequenceTest {
    private static final int PAGE = KvShape.PAGE_POSITIONS;
    private static final int PAGES = 16;
    private static final int VOCABULARY = 100;
    private static final int CYCLE = 5;

    private final StepBatch batch = new StepBatch(2 * PAGE, 2, PAGES);
    private final StepCostModel costs = new StepCostModel(2 * PAGE);
    private final List<String> copies = new ArrayList<>();
    private PagePool pool = new PagePool(PAGES);

    private enum Life {
        QUEUED,
        RESERVED,
        PREFILLING,
        DECODING,
        RELEASED,
        ENDED
    }

    @AfterEach
    void closeBatch() {
        batch.close();
    }

    /** A sequence and the log that its reader sees. */
    private record Made(Sequence sequence, TokenLog log) {}

    private static Made made(
            int promptTokens,
            int outputMax,
            Speculation speculation,
            @Nullable SharedPrompt shared) {
        return made(promptTokens, outputMax, true, speculation, shared);
    }

    private static Made made(
            int promptTokens,
            int outputMax,
            boolean declared,
            Speculation speculation,
            @Nullable SharedPrompt shared) {
        TokenLog log = new TokenLog(outputMax, 0);
        int[] prompt = IntStream.range(0, promptTokens).map(i -> i % CYCLE).toArray();
        SamplerState sampler = new SamplerState(SamplingParams.GREEDY, VOCABULARY);
        Sequence sequence =
                new Sequence(
                        prompt,
                        AdapterUse.none(),
                        new OutputLimit(outputMax, declared, FinishReason.LENGTH),
                        new SequenceSamples(prompt, sampler, speculation, null),
                        new OutputControls(
                                new StopCondition(StopRules.of(List.of()), null, null),
                                null,
                                null,
                                null,
                                Timeouts.NONE),
                        shared,
                        log);
        return new Made(sequence, log);
    }

    private static Sequence sequence(int promptTokens, int outputMax) {
        return made(promptTokens, outputMax, Speculation.OFF, null).sequence;
    }

    private void begin(Sequence sequence, int table) {
        assertTrue(sequence.reserve(pool, 0));
        sequence.begin(batch, table);
    }

    /** Adds the next rows of a sequence, as a step does; returns the number of its samples. */
    private int plan(Sequence sequence, int rowsMax) {
        batch.clear();
        if (sequence.decoding()) {
            costs.begin(1);
            sequence.planDraft(costs, rowsMax - 1);
        }
        return sequence.addRows(batch, rowsMax);
    }

    /** Runs a step whose samples continue the cycle of the prompt; returns why it was the last. */
    private @Nullable FinishReason step(Sequence sequence, int rowsMax) {
        int samples = plan(sequence, rowsMax);
        for (int i = 0; i < samples; i++) {
            SamplerState sampler = sequence.sampler(i);
            sampler.accept((int) (sampler.position() % CYCLE));
        }
        FinishReason reason = null;
        for (int i = 0; i < samples && reason == null && sequence.sampler(i).counts(); i++) {
            reason = sequence.acceptToken(i);
        }
        return reason;
    }

    /** Returns a sequence in a state, alone in a new pool. */
    private Sequence inState(Life life) {
        pool = new PagePool(PAGES);
        Sequence sequence = sequence(PAGE + 2, 10);
        if (life.compareTo(Life.RESERVED) >= 0) {
            assertTrue(sequence.reserve(pool, 0));
        }
        if (life.compareTo(Life.PREFILLING) >= 0) {
            sequence.begin(batch, 0);
            assertNull(step(sequence, PAGE));
        }
        if (life.compareTo(Life.DECODING) >= 0) {
            assertNull(step(sequence, PAGE));
        }
        if (life.compareTo(Life.RELEASED) >= 0) {
            sequence.end(pool, true);
            pool.requireNoneHeld();
        }
        if (life == Life.ENDED) {
            sequence.finish(FinishReason.CANCELLED);
        }
        return sequence;
    }

    private static void assertRefused(String message, Executable action) {
        String actual = assertThrows(IllegalStateException.class, action).getMessage();
        assertTrue(actual.contains(message), actual);
    }

    private BackendMemory memory() {
        return (BackendMemory)
                Proxy.newProxyInstance(
                        BackendMemory.class.getClassLoader(),
                        new Class<?>[] {BackendMemory.class},
                        (proxy, method, arguments) -> {
                            copies.add(
                                    "%s %s to %s"
                                            .formatted(
                                                    method.getName(), arguments[1], arguments[2]));
                            return null;
                        });
    }

    private static KvCache kv() {
        return (KvCache)
                Proxy.newProxyInstance(
                        KvCache.class.getClassLoader(),
                        new Class<?>[] {KvCache.class},
                        (proxy, method, arguments) -> null);
    }

    @ParameterizedTest
    @EnumSource
    void callsOutOfOrderAreRefused(Life life) {
        Map<Life, Set<String>> allowed = new EnumMap<>(Life.class);
        allowed.put(Life.QUEUED, Set.of("reserve", "finish", "fail"));
        allowed.put(Life.RESERVED, Set.of("begin"));
        allowed.put(Life.PREFILLING, Set.of("copyPrompt", "addRows", "end"));
        allowed.put(Life.DECODING, Set.of("keepPrompt", "planDraft", "addRows", "end"));
        allowed.put(Life.RELEASED, Set.of("finish", "fail"));
        allowed.put(Life.ENDED, Set.of());
        Map<String, Consumer<Sequence>> calls =
                Map.of(
                        "reserve", sequence -> sequence.reserve(pool, 0),
                        "begin", sequence -> sequence.begin(batch, 0),
                        "copyPrompt", sequence -> sequence.copyPrompt(memory(), kv()),
                        "keepPrompt", sequence -> sequence.keepPrompt(pool),
                        "planDraft", sequence -> sequence.planDraft(costs, 1),
                        "addRows", sequence -> sequence.addRows(batch, 1),
                        "end", sequence -> sequence.end(pool, true),
                        "finish", sequence -> sequence.finish(FinishReason.CANCELLED),
                        "fail", sequence -> sequence.fail(new RuntimeException("device")));
        calls.forEach(
                (name, call) -> {
                    Sequence sequence = inState(life);
                    if (allowed.get(life).contains(name)) {
                        assertDoesNotThrow(() -> call.accept(sequence), name);
                    } else {
                        assertThrows(
                                IllegalStateException.class, () -> call.accept(sequence), name);
                    }
                });
    }

    /** A pause gives the pages back and keeps the output; a declared output never pauses. */
    @Test
    void anUndeclaredOutputGrowsAndPauses() {
        Sequence declared = inState(Life.DECODING);
        assertFalse(declared.mayPause());
        assertRefused("cannot pause", () -> declared.pause(pool));
        declared.end(pool, false);
        Sequence sequence = made(PAGE - 1, 3 * PAGE, false, Speculation.OFF, null).sequence;
        begin(sequence, 1);
        assertEquals(PAGES - 1, pool.available(), "a page for the prompt and the first token");
        assertNull(step(sequence, 2 * PAGE));
        assertFalse(sequence.mustGrow());
        assertRefused("cannot grow", () -> sequence.grow(pool, batch));
        assertNull(step(sequence, 1));
        assertTrue(sequence.mustGrow());
        assertRefused("more positions than reserved", () -> plan(sequence, 1));
        Sequence grown = made(PAGE - 1, 3 * PAGE, false, Speculation.OFF, null).sequence;
        begin(grown, 0);
        assertNull(step(grown, 2 * PAGE));
        assertNull(step(grown, 1));
        assertTrue(grown.grow(pool, batch));
        assertNull(step(grown, 1));
        grown.pause(pool);
        assertEquals(3 * PAGE - 3, grown.outputLeft());
        begin(grown, 0);
        assertEquals(1, grown.promptRows(), "the full page is still in the pool");
        assertEquals(0, plan(grown, PAGE), "lost positions are computed, nothing is sampled");
        assertNull(step(grown, 1));
        assertEquals(3 * PAGE - 4, grown.outputLeft());
        grown.pause(pool);
        grown.finish(FinishReason.CANCELLED);
    }

    @ParameterizedTest
    @EnumSource(names = "DECODING", mode = EnumSource.Mode.EXCLUDE)
    void noTokenIsAcceptedUnlessDecoding(Life life) {
        Sequence sequence = inState(life);
        assertRefused("cannot accept a token", () -> sequence.acceptToken(0));
    }

    @Test
    void everyAcceptedTokenWasSampledByTheStep() {
        Sequence sequence = inState(Life.DECODING);
        assertEquals(1, plan(sequence, PAGE));
        assertRefused("cannot accept a token", () -> sequence.acceptToken(1));
        sequence.sampler(0).accept(7);
        assertNull(sequence.acceptToken(0));
        assertThrows(AssertionError.class, () -> sequence.acceptToken(0), "the same sample twice");
    }

    @Test
    void noTokenIsAcceptedBeyondTheLimit() {
        Sequence sequence = sequence(3, 1);
        begin(sequence, 0);
        assertEquals(FinishReason.LENGTH, step(sequence, PAGE));
        assertRefused("cannot accept a token", () -> sequence.acceptToken(0));
    }

    /** Rows without accepted tokens would run past the last page. */
    @Test
    void aReservationIsNotExceeded() {
        Sequence sequence = sequence(3, 3); // 5 positions
        begin(sequence, 0);
        assertNull(step(sequence, PAGE));
        plan(sequence, PAGE);
        plan(sequence, PAGE);
        assertRefused("cannot use more positions than reserved", () -> plan(sequence, PAGE));
    }

    /** Such rows have no token by which the page could be shared. */
    @Test
    void rowsWithoutATokenAreNotKept() {
        Sequence failed = inState(Life.DECODING);
        plan(failed, PAGE);
        assertThrows(AssertionError.class, () -> failed.end(pool, true));
        Sequence sequence = inState(Life.DECODING);
        plan(sequence, PAGE);
        sequence.end(pool, false);
        pool.requireNoneHeld();
    }

    @Test
    void withoutEnoughPagesASequenceHoldsNone() {
        Sequence large = sequence(PAGE, PAGE * (PAGES - 2));
        begin(large, 0);
        Sequence waiting = sequence(PAGE, 2 * PAGE + 1);
        int available = pool.available();
        assertFalse(waiting.reserve(pool, 0));
        assertEquals(available, pool.available());
        large.end(pool, true);
        pool.requireNoneHeld();
        assertTrue(waiting.reserve(pool, 0));
    }

    @ParameterizedTest
    @EnumSource
    void aRegularLifePasses(Speculation speculation) {
        int promptTokens = 2 * PAGE + 3;
        int outputMax = 3 * PAGE;
        Made made = made(promptTokens, outputMax, speculation, null);
        begin(made.sequence, 1);
        FinishReason reason = null;
        int steps = 0;
        for (; reason == null; steps++) {
            boolean first = !made.sequence.promptComputed();
            reason = step(made.sequence, Drafter.DRAFT_MAX + 1);
            if (first && made.sequence.promptComputed()) {
                made.sequence.keepPrompt(pool);
            }
        }
        assertEquals(FinishReason.LENGTH, reason);
        assertEquals(1, made.sequence.end(pool, true));
        pool.requireNoneHeld();
        made.sequence.finish(reason);
        Usage usage = Objects.requireNonNull(made.log.usage());
        assertEquals(outputMax, usage.outputTokens());
        int prefillSteps = Math.ceilDiv(promptTokens, Drafter.DRAFT_MAX + 1);
        assertEquals(prefillSteps + outputMax - 1 - usage.acceptedTokens(), steps);
        assertTrue(
                speculation == Speculation.OFF || usage.acceptedTokens() > PAGE, usage::toString);
        Sequence next = sequence(promptTokens + outputMax, 1);
        assertTrue(next.reserve(pool, 0));
        next.begin(batch, 0);
        assertEquals(3, next.promptRows(), "all full pages are shared");
    }

    @Test
    void samplesShareTheirPromptAndReleaseItOnceEach() {
        SharedPrompt shared = new SharedPrompt();
        Sequence first = made(PAGE + 6, 2, Speculation.OFF, shared).sequence;
        Sequence second = made(PAGE + 6, 2, Speculation.OFF, shared).sequence;
        begin(first, 0);
        assertFalse(second.mayBegin());
        assertTrue(second.reserve(pool, 0));
        assertRefused("is computing the prompt", () -> second.begin(batch, 1));
        assertNull(step(first, 2 * PAGE));
        first.keepPrompt(pool);
        Sequence third = made(PAGE + 6, 2, Speculation.OFF, shared).sequence;
        assertTrue(third.mayBegin());
        int available = pool.available();
        begin(third, 1);
        assertEquals(available - 1, pool.available(), "one page is shared, one is its own");
        third.copyPrompt(memory(), kv());
        assertEquals(1, copies.size());
        assertEquals(1, third.promptRows());
        assertEquals(FinishReason.LENGTH, step(first, PAGE));
        first.end(pool, true);
        assertEquals(available, pool.available(), "the shared page is held by the third");
        Sequence fourth = made(PAGE + 6, 2, Speculation.OFF, shared).sequence;
        begin(fourth, 0);
        assertRefused("cannot be copied from", () -> fourth.copyPrompt(memory(), kv()));
        assertEquals(1, copies.size());
        first.finish(FinishReason.LENGTH);
        fourth.copyPrompt(memory(), kv());
        assertEquals(1, copies.size(), "no sample holds the prompt any more");
        for (Sequence sample : List.of(second, third, fourth)) {
            assertRefused("pages are held", pool::requireNoneHeld);
            sample.end(pool, false);
        }
        pool.requireNoneHeld();
    }
}
