package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Opening, closing and cancelling in every order leave no resources behind. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LifecycleTest {
    private static final Path CHECKPOINT = Goldens.LONG;

    @BeforeEach
    void requireCpu() {
        TestDevices.require(Device.CPU);
    }

    private static EngineConfig config() {
        return EngineConfig.of(CHECKPOINT)
                .withDevice(Device.CPU)
                .withThreads(2)
                .withContextTokensMax(4096);
    }

    private static GenerationRequest endless() {
        return GenerationRequest.ids(List.of(3, 1, 4, 1, 5, 9, 2)).ignoringEos();
    }

    @Test
    void openCloseLeavesNothing() throws InterruptedException {
        Engine.open(config()).close();
        ProcessResources before = ProcessResources.now(CHECKPOINT);
        for (int i = 0; i < 50; i++) {
            Engine.open(config()).close();
        }
        before.assertNothingMoreNow(CHECKPOINT);
    }

    @Test
    void closeDuringGenerationCancelsItAndLeavesNothing() throws InterruptedException {
        Engine.open(config()).close();
        ProcessResources before = ProcessResources.now(CHECKPOINT);
        for (int i = 0; i < 20; i++) {
            Engine engine = Engine.open(config().withSequencesMax(1));
            Generation running = engine.submit(endless());
            Generation waiting = engine.submit(endless());
            assertInstanceOf(GenerationEvent.TokenEmitted.class, running.next());
            engine.close();
            assertEquals(FinishReason.CANCELLED, Completion.of(running).reason());
            assertEquals(FinishReason.CANCELLED, Completion.of(waiting).reason());
            assertNull(running.next());
        }
        before.assertNothingMoreNow(CHECKPOINT);
    }

    @Test
    void useAfterCloseIsRefused() {
        Engine engine = Engine.open(config());
        engine.close();
        engine.close();
        assertThrows(IllegalStateException.class, () -> engine.submit(endless()));
    }

    @Test
    void twoEnginesAreIndependent() {
        GenerationRequest request = endless().withMaxTokens(50);
        try (Engine second = Engine.open(config().withThreads(1))) {
            List<Integer> expected;
            try (Engine first = Engine.open(config())) {
                Generation a = first.submit(request);
                Generation b = second.submit(request);
                expected = Completion.of(a).ids();
                assertEquals(expected, Completion.of(b).ids());
            }
            assertEquals(expected, Completion.of(second, request).ids());
        }
    }

    @Test
    void cancelEndsOneAndFreesItsPlace() throws InterruptedException {
        try (Engine engine = Engine.open(config().withSequencesMax(1))) {
            Generation first = engine.submit(endless());
            Generation second = engine.submit(endless().withMaxTokens(3));
            first.next();
            first.cancel();
            assertEquals(FinishReason.CANCELLED, Completion.of(first).reason());
            assertEquals(FinishReason.LENGTH, Completion.of(second).reason());
        }
    }

    @Test
    void fullQueueAnswersBusy() {
        try (Engine engine = Engine.open(config().withSequencesMax(1).withQueueDepthMax(2))) {
            List<Generation> accepted = new ArrayList<>();
            assertThrows(
                    EngineBusyException.class,
                    () -> {
                        for (int i = 0; i < 10; i++) {
                            accepted.add(engine.submit(endless()));
                        }
                    });
            assertTrue(accepted.size() >= 2 && accepted.size() <= 3, "took " + accepted.size());
        }
    }

    @Test
    void fullContextEndsTheGeneration() {
        try (Engine engine = Engine.open(config().withContextTokensMax(40))) {
            Completion completion = Completion.of(engine, endless());
            assertEquals(FinishReason.CONTEXT, completion.reason());
            assertEquals(33, completion.ids().size());
        }
    }

    @Test
    void everySequenceGetsItsTurn() {
        try (Engine engine = Engine.open(config().withSequencesMax(3))) {
            List<Generation> generations = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                generations.add(engine.submit(endless().withMaxTokens(1 + i % 7)));
            }
            for (int i = 0; i < 40; i++) {
                assertEquals(1 + i % 7, Completion.of(generations.get(i)).ids().size());
            }
        }
    }
}
