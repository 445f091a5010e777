package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.lora.TestAdapter;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

/**
 * Speculation changes only the time: ids, text, reason and log-probabilities, compared as floats
 * for equality, are those of an engine that samples one token per step.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SpeculationTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");

    private static final int REQUESTS = 72;
    private static final int CONTEXT = 512;

    @TempDir private Path temporary;

    /** The counts of draft tokens and cached prompt tokens in a run. */
    private record Counts(int drafted, int accepted, int cachedPromptTokens) {}

    /**
     * Returns a request whose prompt has repetitions. Some requests have equal prompts, so that
     * pages are shared.
     */
    private static GenerationRequest prompted(Path checkpoint, int i) {
        if (checkpoint.equals(DEMO)) {
            String line = lines().get(i % 9);
            String question = new JsonMapper().readTree(line).get("question").asString();
            return i % 2 == 0
                    ? GenerationRequest.chat(question)
                    : GenerationRequest.text((question + " ").repeat(1 + i % 3));
        }
        List<Integer> prompt = Goldens.prompt(checkpoint, i % 3 == 0 ? 300 : 33);
        int period = 3 + i % 9;
        int length = i % 2 == 0 ? prompt.size() : 20 + i % 36;
        return GenerationRequest.ids(
                IntStream.range(0, length)
                        .mapToObj(k -> prompt.get(k < length / 2 ? k % 33 : k % period))
                        .toList());
    }

    private static List<String> lines() {
        try {
            return Files.readAllLines(DEMO.resolveSibling("problems.jsonl"));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** Returns sampling options: greedy, nearly greedy, and with every available parameter. */
    private static SamplingOptions sampling(int i) {
        SamplingOptions options = SamplingOptions.DEFAULT.withSeed(7L + i);
        return switch (i % 8) {
            case 0 -> SamplingOptions.greedy().withLogprobs(5);
            case 1 -> options.withTemperature(0.3f).withLogprobs(20);
            case 2 ->
                    options.withTemperature(0.9f)
                            .withTopK(40)
                            .withTopP(0.95f)
                            .withMinP(0.01f)
                            .withRepetitionPenalty(1.1f)
                            .withPresencePenalty(0.5f)
                            .withLogprobs(3);
            case 3 ->
                    options.withTemperature(0.7f)
                            .withTopK(20)
                            .withTopP(0.8f)
                            .withRepetitionPenalty(1.05f);
            case 4 ->
                    options.withTemperature(0.5f)
                            .withTopP(0.6f)
                            .withMinP(0.05f)
                            .withPresencePenalty(-1f)
                            .withLogprobs(1);
            case 5 ->
                    options.withTemperature(0f)
                            .withRepetitionPenalty(1.2f)
                            .withPresencePenalty(-2f)
                            .withLogprobs(2);
            case 6 -> options.withTemperature(0f).withFrequencyPenalty(0.2f).withLogprobs(2);
            default ->
                    options.withTemperature(0.4f)
                            .withFrequencyPenalty(-0.3f)
                            .withLogitBias(Map.of(5, -100f, 9, 3f, 17, -1f))
                            .withLogprobs(3);
        };
    }

    private GenerationRequest request(Path checkpoint, int i) {
        GenerationRequest request =
                prompted(checkpoint, i)
                        .withSampling(sampling(i))
                        .withMaxTokens(List.of(60, 1, 100, 2, 35).get(i % 5));
        if (checkpoint.equals(DEMO) && i % 4 == 1) {
            request = request.withStops(List.of("ar", " 1", "nowhere"));
        }
        if (i % 3 != 0) {
            request = request.ignoringEos();
        }
        return i % 4 == 3 ? request.withAdapter("any") : request;
    }

    @SuppressWarnings("MustBeClosedChecker") // the callers close it
    private Engine open(Path checkpoint, DType kv, int sequences, int rows, Speculation mode) {
        Path adapter = temporary.resolve("adapter");
        if (!Files.exists(adapter)) {
            TestAdapter.allLinear(checkpoint, 8, 5).write(adapter);
        }
        return Engine.open(
                EngineConfig.of(checkpoint)
                        .withDevice(Device.CPU)
                        .withThreads(2)
                        .withKvDtype(kv)
                        .withContextTokensMax(CONTEXT)
                        .withKvTokensMax(2 * CONTEXT)
                        .withSequencesMax(sequences)
                        .withPrefillRowsMax(rows)
                        .withAdapter("any", adapter)
                        .withSpeculation(mode));
    }

    @ParameterizedTest(name = "{0}, KV {1}")
    @CsvSource({"demo, F32", "dim64-group7-tied, BF16", "dim128-group5-yarn, F32"})
    void sameTokensWithAndWithout(String name, DType kv) throws InterruptedException {
        TestDevices.require(Device.CPU);
        Path checkpoint = name.equals("demo") ? DEMO : Goldens.checkpoint(name);
        List<Completion> expected = new ArrayList<>();
        try (Engine engine = open(checkpoint, kv, 1, 512, Speculation.OFF)) {
            for (int i = 0; i < REQUESTS; i++) {
                expected.add(Completion.of(engine, request(checkpoint, i)));
            }
        }
        try (Engine engine = open(checkpoint, kv, 1, 512, Speculation.ON)) {
            Counts counts = compare(engine, checkpoint, expected, 1);
            System.out.printf("%s alone: %s%n", name, counts);
            assertTrue(counts.accepted > 300, "guesses came true: " + counts);
            assertTrue(counts.drafted > counts.accepted + 100, "and did not: " + counts);
            assertTrue(counts.cachedPromptTokens > 0, "prompts were in the cache: " + counts);
            fillTheContext(engine);
        }
        for (int rows : new int[] {7, 512}) {
            try (Engine engine = open(checkpoint, kv, 8, rows, Speculation.ON)) {
                Counts counts = compare(engine, checkpoint, expected, 8);
                System.out.printf("%s among 8, chunks of %d: %s%n", name, rows, counts);
                assertTrue(counts.accepted > 0);
                fillTheContext(engine);
            }
        }
        try (Engine engine = open(checkpoint, kv, 3, 64, Speculation.AUTO)) {
            compare(engine, checkpoint, expected, 8);
            fillTheContext(engine);
        }
    }

    /** Runs the requests, {@code together} at a time, and compares their completions. */
    private Counts compare(
            Engine engine, Path checkpoint, List<Completion> expected, int together) {
        int drafted = 0;
        int accepted = 0;
        int cached = 0;
        for (int first = 0; first < REQUESTS; first += together) {
            List<Generation> generations = new ArrayList<>();
            for (int i = first; i < first + together; i++) {
                generations.add(engine.submit(request(checkpoint, i)));
            }
            for (int i = first; i < first + together; i++) {
                UsedCompletion used = UsedCompletion.of(generations.get(i - first));
                assertEquals(expected.get(i), used.completion, "request " + i);
                assertEquals(used.completion.ids().size(), used.usage.outputTokens());
                assertTrue(used.usage.acceptedTokens() <= used.usage.draftedTokens());
                drafted += used.usage.draftedTokens();
                accepted += used.usage.acceptedTokens();
                cached += used.usage.cachedPromptTokens();
            }
        }
        return new Counts(drafted, accepted, cached);
    }

    /**
     * Checks that no page is lost, not even after a cancellation: with a page missing, a request
     * for the whole context would wait forever.
     */
    private static void fillTheContext(Engine engine) throws InterruptedException {
        GenerationRequest whole =
                GenerationRequest.ids(List.of(1, 2))
                        .withSampling(SamplingOptions.greedy())
                        .ignoringEos();
        Generation cancelled = engine.submit(whole);
        for (int i = 0; i < 50; i++) {
            assertNotNull(cancelled.next());
        }
        cancelled.cancel();
        assertEquals(CONTEXT - 2, Completion.of(engine, whole).ids().size());
    }

    /** Pages that held rejected draft tokens hold the right tokens before they are shared. */
    @Test
    void keptPagesHoldTheTokensThatWereDrawn() {
        TestDevices.require(Device.CPU);
        Path checkpoint = Goldens.checkpoint("dim64-group7-tied");
        for (int i = 0; i < 6; i++) {
            GenerationRequest first = request(checkpoint, 6 * i + 4).withMaxTokens(150);
            Completion before;
            Completion after;
            int cached;
            try (Engine engine = open(checkpoint, DType.F32, 2, 512, Speculation.ON)) {
                UsedCompletion used = UsedCompletion.of(engine.submit(first));
                before = used.completion;
                assertTrue(used.usage.draftedTokens() > used.usage.acceptedTokens());
                UsedCompletion more = UsedCompletion.of(engine.submit(goOn(first, before)));
                after = more.completion;
                cached = more.usage.cachedPromptTokens();
                assertTrue(cached > used.usage.promptTokens(), "pages of the output are shared");
            }
            try (Engine engine = open(checkpoint, DType.F32, 1, 512, Speculation.OFF)) {
                assertEquals(after, Completion.of(engine, goOn(first, before)));
            }
        }
    }

    private static GenerationRequest goOn(GenerationRequest first, Completion said) {
        List<Integer> ids = new ArrayList<>(((Prompt.Ids) first.prompt()).ids());
        ids.addAll(said.ids());
        return GenerationRequest.ids(ids)
                .withMaxTokens(20)
                .withSampling(SamplingOptions.greedy().withLogprobs(20))
                .withAdapter(first.adapter());
    }

    /** A request overrides the engine's mode. A context that fills up ends a draft in time. */
    @Test
    void requestsOverrideTheEngineAndFillTheirContext() {
        TestDevices.require(Device.CPU);
        GenerationRequest request =
                GenerationRequest.ids(List.of(5, 6, 7, 5, 6, 7, 5, 6, 7))
                        .withSampling(SamplingOptions.greedy())
                        .ignoringEos();
        try (Engine engine = open(DEMO, DType.F32, 1, 64, Speculation.OFF)) {
            UsedCompletion off = UsedCompletion.of(engine.submit(request));
            UsedCompletion on =
                    UsedCompletion.of(engine.submit(request.withSpeculation(Speculation.ON)));
            assertEquals(0, off.usage.draftedTokens());
            assertTrue(on.usage.acceptedTokens() > 100, on.usage.toString());
            assertEquals(off.completion, on.completion);
            assertEquals(FinishReason.CONTEXT, on.completion.reason());
            assertEquals(CONTEXT - 9, on.completion.ids().size());
        }
    }

    /** The device samples all rows at once; requests with penalties use no draft tokens there. */
    @Test
    void sameTokensOnCuda() {
        TestDevices.require(TestDevices.PTX);
        TestDevices.ptx().clear();
        onCuda(TestDevices.PTX);
        assertEquals(List.of(), TestDevices.ptx().findings());
    }

    @Tag("gpu")
    @Test
    void sameTokensOnGpu() {
        TestDevices.require(Device.CUDA);
        onCuda(Device.CUDA);
    }

    private static void onCuda(Device device) {
        Path checkpoint = Goldens.checkpoint("dim64-group7-tied");
        EngineConfig config =
                EngineConfig.of(checkpoint)
                        .withDevice(device)
                        .withSequencesMax(3)
                        .withKvTokensMax(2048);
        try (Engine engine = Engine.open(config)) {
            for (int i : new int[] {0, 1, 2}) {
                GenerationRequest request =
                        prompted(checkpoint, 2 * i + 1)
                                .withSampling(sampling(i))
                                .withMaxTokens(24)
                                .ignoringEos();
                UsedCompletion off =
                        UsedCompletion.of(engine.submit(request.withSpeculation(Speculation.OFF)));
                UsedCompletion on =
                        UsedCompletion.of(engine.submit(request.withSpeculation(Speculation.ON)));
                assertEquals(off.completion, on.completion);
                assertEquals(i == 2, on.usage.draftedTokens() == 0, on.usage.toString());
            }
        }
    }

    /** A completion and its usage. */
    private record UsedCompletion(Completion completion, Usage usage) {
        static UsedCompletion of(Generation generation) {
            AtomicReference<Usage> usage = new AtomicReference<>();
            Completion completion = Completion.of(generation, usage::set);
            return new UsedCompletion(completion, usage.get());
        }
    }
}
