package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.engine.status.AdapterInfo;
import dev.longhand.kernels.Device;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Adapters of a running engine: the weights that a request gets, and the calls that wait for
 * requests to end.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class AdaptersTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim64-group7-tied");

    @TempDir private Path temporary;

    @BeforeEach
    void requireCpu() {
        TestDevices.require(Device.CPU);
    }

    private static EngineConfig config() {
        return EngineConfig.of(CHECKPOINT)
                .withDevice(Device.CPU)
                .withThreads(2)
                .withContextTokensMax(512);
    }

    private Path adapter(String folder, int rank, long seed) {
        return TestAdapter.allLinear(CHECKPOINT, rank, seed).write(temporary.resolve(folder));
    }

    private static GenerationRequest request(@Nullable String adapter) {
        GenerationRequest request =
                GenerationRequest.ids(Goldens.prompt(CHECKPOINT, 300))
                        .withMaxTokens(24)
                        .withSampling(SamplingOptions.greedy().withLogprobs(20))
                        .ignoringEos();
        return adapter == null ? request : request.withAdapter(adapter);
    }

    private static Completion run(Engine engine, @Nullable String adapter) {
        return Completion.of(engine, request(adapter));
    }

    /** Returns the completion of an engine that has only this adapter, or none. */
    private static Completion alone(@Nullable Path folder) {
        EngineConfig config = config();
        if (folder != null) {
            config = config.withAdapter("only", folder);
        }
        try (Engine engine = Engine.open(config)) {
            return run(engine, folder == null ? null : "only");
        }
    }

    @Test
    void oneAfterTheOtherAndNoneAgain() throws InterruptedException {
        Path a = adapter("a", 64, 1);
        Path b =
                TestAdapter.of(CHECKPOINT, 8, 2, List.of(Projection.Q, Projection.V))
                        .write(temporary.resolve("b"));
        Completion base = alone(null);
        try (Engine engine = Engine.open(config().withAdapter("a", a).withAdapter("b", b))) {
            assertEquals(base, run(engine, null));
            assertEquals(alone(a), run(engine, "a"));
            assertEquals(alone(b), run(engine, "b"));
            assertEquals(base, run(engine, null));
            engine.adapters().unload("a");
            engine.adapters().unload("b");
            assertEquals(base, run(engine, null));
            assertNotEquals(alone(a), alone(b));
            assertNotEquals(base.ids(), alone(a).ids());
        }
    }

    /**
     * Fails if KV pages were keyed by the adapter's name: the second answer would reuse the pages
     * of the first.
     */
    @Test
    void newContentUnderAnOldNameMeetsNoOldPages() {
        Path first = adapter("first", 16, 1);
        Path second = adapter("second", 16, 2);
        try (Engine engine = Engine.open(config().withAdapter("it", first))) {
            assertEquals(alone(first), run(engine, "it"));
            Generation again = engine.submit(request("it"));
            assertEquals(alone(first), Completion.of(again));
            assertEquals(256, cachedTokens(engine, "it"), "pages of the same content are shared");
            engine.adapters().load("it", second);
            assertEquals(0, cachedTokens(engine, "it"), "stale pages");
            assertEquals(alone(second), run(engine, "it"));
            engine.adapters().load("other", second);
            assertEquals(256, cachedTokens(engine, "other"), "one content under two names");
            assertEquals(alone(second), run(engine, "other"));
            assertEquals(0, cachedTokens(engine, null), "pages of an adapter for the base");
        }
    }

    /** The same matrices with another scale are a different adapter. */
    @Test
    void theScaleIsPartOfTheIdentity() {
        TestAdapter adapter = TestAdapter.allLinear(CHECKPOINT, 8, 1);
        Path once = adapter.write(temporary.resolve("once"));
        Path twice = adapter.configure("lora_alpha", 32).write(temporary.resolve("twice"));
        try (Engine engine = Engine.open(config().withAdapter("it", once))) {
            AdapterInfo before = engine.adapters().list().getFirst();
            run(engine, "it");
            assertNotEquals(before.identity(), engine.adapters().load("it", twice).identity());
            assertEquals(0, cachedTokens(engine, "it"));
            assertEquals(alone(twice), run(engine, "it"));
        }
    }

    /** Returns the number of prompt tokens taken from the cache of earlier generations. */
    private static int cachedTokens(Engine engine, @Nullable String adapter) {
        try {
            Generation generation = engine.submit(request(adapter));
            GenerationEvent event = generation.next();
            while (!(event instanceof GenerationEvent.Finished)) {
                event = generation.next();
            }
            return ((GenerationEvent.Finished) event).usage().cachedPromptTokens();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void replacingLeavesWhatIsUnderWayAlone() throws InterruptedException {
        Path first = adapter("first", 16, 1);
        Path second = adapter("second", 16, 2);
        try (Engine engine = Engine.open(config().withAdapter("it", first))) {
            long bytes = engine.adapters().residentBytes();
            Generation running = engine.submit(request("it"));
            running.next();
            engine.adapters().load("it", second);
            Completion after = run(engine, "it");
            Completion.of(running);
            assertEquals(alone(second), after);
            assertEquals(alone(second), run(engine, "it"));
            assertEquals(bytes, awaitBytes(engine, bytes));
        }
    }

    /**
     * Returns the bytes of resident adapters, after waiting for the device thread to free memory
     * between two steps.
     */
    private static long awaitBytes(Engine engine, long wanted) throws InterruptedException {
        for (int i = 0; i < 500 && engine.adapters().residentBytes() != wanted; i++) {
            Thread.sleep(10);
        }
        return engine.adapters().residentBytes();
    }

    @Test
    void unloadWaitsForItsUsers() throws Exception {
        Path a = adapter("a", 16, 1);
        try (Engine engine = Engine.open(config().withAdapter("a", a))) {
            Generation running = engine.submit(request("a").withMaxTokens(200));
            running.next();
            CompletableFuture<Void> unload =
                    CompletableFuture.runAsync(
                            () -> {
                                try {
                                    engine.adapters().unload("a");
                                } catch (InterruptedException e) {
                                    throw new AssertionError(e);
                                }
                            });
            while (!engine.adapters().list().isEmpty()) {
                Thread.sleep(1);
            }
            InputException refusal = assertThrows(InputException.class, () -> run(engine, "a"));
            assertTrue(refusal.getMessage().contains("there is no adapter \"a\""));
            assertTrue(unload.isDone() || engine.adapters().residentBytes() > 0);
            assertEquals(FinishReason.LENGTH, Completion.of(running).reason());
            unload.get(10, TimeUnit.SECONDS);
            assertEquals(0, engine.adapters().residentBytes());
            assertThrows(InputException.class, () -> engine.adapters().unload("a"));
        }
    }

    @Test
    void theOnesUsedLongestAgoAreReadAgain() {
        Map<String, Path> folders =
                Map.of(
                        "a",
                        adapter("a", 16, 1),
                        "b",
                        adapter("b", 16, 2),
                        "c",
                        adapter("c", 16, 3));
        Map<String, Completion> expected =
                Map.of(
                        "a", alone(folders.get("a")),
                        "b", alone(folders.get("b")),
                        "c", alone(folders.get("c")));
        long bytes = bytes(folders.get("a"));
        try (Engine engine = Engine.open(config().withAdapterBytesMax(2 * bytes))) {
            folders.forEach(engine.adapters()::load);
            for (int i = 0; i < 4; i++) {
                for (String name : List.of("a", "b", "c")) {
                    assertEquals(expected.get(name), run(engine, name));
                    assertTrue(engine.adapters().residentBytes() <= 2 * bytes);
                }
            }
            engine.adapters().pin("c", true);
            assertEquals(expected.get("a"), run(engine, "a"));
            assertEquals(expected.get("b"), run(engine, "b"));
            assertEquals(
                    List.of("b", "c"),
                    engine.adapters().list().stream()
                            .filter(AdapterInfo::resident)
                            .map(AdapterInfo::name)
                            .sorted()
                            .toList());
            adapter("a", 16, 4);
            InputException refusal = assertThrows(InputException.class, () -> run(engine, "a"));
            assertTrue(refusal.getMessage().contains("has changed"), refusal.getMessage());
            engine.adapters().load("a", folders.get("a"));
            assertNotEquals(expected.get("a"), run(engine, "a"));
        }
    }

    private static long bytes(Path adapter) {
        try (Engine engine = Engine.open(config().withAdapter("it", adapter))) {
            return engine.adapters().residentBytes();
        }
    }

    @Test
    void pinnedAndUsedAdaptersKeepTheirMemory() throws InterruptedException {
        Path a = adapter("a", 16, 1);
        Path b = adapter("b", 16, 2);
        EngineConfig small = config().withAdapterBytesMax(bytes(a)).withAdapter("a", a);
        try (Engine engine = Engine.open(small)) {
            engine.adapters().pin("a", true);
            assertThrows(InputException.class, () -> engine.adapters().load("b", b));
            engine.adapters().pin("a", false);
            Generation running = engine.submit(request("a").withMaxTokens(200));
            running.next();
            InputException refusal =
                    assertThrows(InputException.class, () -> engine.adapters().load("b", b));
            assertTrue(refusal.getMessage().contains("in use or pinned"), refusal.getMessage());
            running.cancel();
            Completion.of(running);
            awaitBytes(engine, 0); // the sequence releases it shortly after its last event
            engine.adapters().load("b", b);
            assertEquals(alone(b), run(engine, "b"));
        }
    }

    @Test
    void mergedIsTheModelUntilUnmerged() throws InterruptedException {
        Path a = adapter("a", 16, 1);
        Path b = adapter("b", 64, 2);
        Completion base = alone(null);
        try (Engine engine = Engine.open(config().withAdapter("a", a).withAdapter("b", b))) {
            Adapters adapters = engine.adapters();
            Generation before = engine.submit(request(null));
            adapters.merge("a");
            assertEquals(base, Completion.of(before));
            assertEquals(Optional.of("a"), adapters.merged());
            Completion mergedA = run(engine, "a");
            assertClose(alone(a), mergedA);
            assertRefusedWhileMerged(engine, null);
            assertRefusedWhileMerged(engine, "b");
            assertThrows(InputException.class, () -> adapters.unload("a"));
            adapters.merge("b");
            assertClose(alone(b), run(engine, "b"));
            assertRefusedWhileMerged(engine, "a");
            adapters.merge("a"); // from pristine weights, not from those of b
            assertEquals(mergedA, run(engine, "a"));
            adapters.unmerge();
            adapters.unmerge();
            assertEquals(Optional.empty(), adapters.merged());
            assertEquals(base, run(engine, null));
            assertEquals(alone(a), run(engine, "a"));
            assertThrows(InputException.class, () -> adapters.merge("nobody"));
            assertEquals(base, run(engine, null));
        }
    }

    private static void assertRefusedWhileMerged(Engine engine, @Nullable String adapter) {
        InputException refusal =
                assertThrows(InputException.class, () -> engine.submit(request(adapter)));
        assertTrue(refusal.getMessage().contains("is merged"), refusal.getMessage());
    }

    /**
     * Merging rounds each weight to BF16 once, so log-probabilities differ by a few hundredths of a
     * nat.
     */
    private static void assertClose(Completion applied, Completion merged) {
        assertEquals(applied.ids().getFirst(), merged.ids().getFirst());
        double difference =
                Math.abs(
                        applied.logprobs().getFirst().getFirst().logprob()
                                - merged.logprobs().getFirst().getFirst().logprob());
        assertTrue(difference < 0.1, "apart by " + difference);
        assertFalse(difference == 0, "merging changed nothing");
    }

    @Test
    void closingWithAdaptersEverywhereLeavesNothing() throws InterruptedException {
        Path a = adapter("a", 16, 1);
        Engine.open(config().withAdapter("a", a)).close();
        ProcessResources before = ProcessResources.now(temporary);
        for (int i = 0; i < 10; i++) {
            Engine engine = Engine.open(config().withAdapter("a", a));
            Generation running = engine.submit(request("a").withMaxTokens(200));
            running.next();
            if (i % 2 == 1) {
                running.cancel();
                engine.adapters().merge("a");
                running = engine.submit(request("a").withMaxTokens(200));
            }
            engine.close();
            assertEquals(FinishReason.CANCELLED, Completion.of(running).reason());
            assertThrows(IllegalStateException.class, () -> engine.submit(request(null)));
            assertEquals(0, engine.adapters().residentBytes());
        }
        before.assertNothingMoreNow(temporary);
    }
}
