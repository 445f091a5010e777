package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.kvcache.KvShape;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The log-probabilities of prompt tokens, those of transformers, in any company. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class PromptLogprobsTest {
    private static final Path CHECKPOINT = Goldens.checkpoint("dim32-group8");

    private static EngineConfig config(Device device) {
        return EngineConfig.of(CHECKPOINT).withDevice(device).withThreads(1);
    }

    private static List<List<TokenLogprob>> scores(Engine engine, GenerationRequest request)
            throws InterruptedException {
        try (Generation generation = engine.submit(request)) {
            generation.await();
            return generation.promptLogprobs();
        }
    }

    private static List<Integer> joined(Goldens.Case golden) {
        List<Integer> ids = new ArrayList<>(golden.prompt());
        ids.addAll(golden.ids());
        return ids;
    }

    private static GenerationRequest scoring(List<Integer> prompt) {
        return GenerationRequest.ids(prompt).withPromptLogprobs(5).withMaxTokens(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu", "ptx"})
    void theScoresAreThoseOfTransformers(String name) throws InterruptedException {
        Device device = Device.of(name);
        TestDevices.require(device);
        // bf16 on the device; see GoldenTest
        double tolerance = device.equals(TestDevices.PTX) ? 0.1 : 2e-4;
        try (Engine engine = Engine.open(config(device))) {
            for (Goldens.Case golden : Goldens.cases(CHECKPOINT).subList(0, 3)) {
                List<List<TokenLogprob>> scores = scores(engine, scoring(joined(golden)));
                assertEquals(joined(golden).size(), scores.size());
                assertEquals(List.of(), scores.getFirst());
                for (int step = 0; step < golden.ids().size(); step++) {
                    List<TokenLogprob> own = scores.get(golden.prompt().size() + step);
                    JsonNode best = golden.logprobs().get(step).get(0);
                    int id = best.get(0).asInt();
                    double logprob =
                            own.stream().filter(t -> t.id() == id).findFirst().get().logprob();
                    assertEquals(best.get(1).asDouble(), logprob, tolerance, "step " + step);
                }
            }
        }
        if (device.equals(TestDevices.PTX)) {
            assertEquals(List.of(), TestDevices.ptx().findings());
        }
    }

    @Test
    void scoresDoNotDependOnChunksOrNeighboursOrTheCache() throws InterruptedException {
        List<Integer> prompt = joined(Goldens.cases(CHECKPOINT).getLast()); // over 300 tokens
        List<List<TokenLogprob>> alone;
        try (Engine engine = Engine.open(config(Device.CPU))) {
            alone = scores(engine, scoring(prompt));
            assertEquals(alone, scores(engine, scoring(prompt)), "the prompt is in the cache");
        }
        EngineConfig small =
                config(Device.CPU)
                        .withSequencesMax(3)
                        .withPrefillRowsMax(5)
                        .withContextTokensMax(384)
                        .withKvTokensMax(448);
        try (Engine engine = Engine.open(small)) {
            List<Generation> neighbours = new ArrayList<>();
            GenerationRequest neighbour =
                    GenerationRequest.ids(prompt.subList(0, 9))
                            .ignoringEos()
                            .withSpeculation(Speculation.ON);
            neighbours.add(engine.submit(neighbour));
            Generation scored = engine.submit(scoring(prompt).withMaxTokens(null));
            neighbours.add(engine.submit(neighbour));
            GenerationResult result = scored.await();
            assertEquals(alone, scored.promptLogprobs());
            assertTrue(!result.ids().isEmpty());
            neighbours.forEach(Generation::close);
        }
    }

    @Test
    void thePromptIsScoredBesideItsOutput() throws InterruptedException {
        List<Integer> prompt = Goldens.prompt(CHECKPOINT, 33);
        GenerationRequest plain = GenerationRequest.ids(prompt).withMaxTokens(4);
        try (Engine engine = Engine.open(config(Device.CPU))) {
            Generation generation = engine.submit(plain.withPromptLogprobs(0));
            GenerationResult scored = generation.await();
            assertEquals(engine.submit(plain).await().ids(), scored.ids());
            for (List<TokenLogprob> own : generation.promptLogprobs().subList(1, 33)) {
                assertEquals(1, own.size());
            }
            List<Generation> samples = engine.submitAll(plain.withPromptLogprobs(0), 2);
            for (Generation sample : samples) {
                sample.await();
                assertEquals(generation.promptLogprobs(), sample.promptLogprobs());
            }
        }
    }

    @Test
    void aLatePartSharesItsBeginning() throws InterruptedException {
        List<Integer> prompt = joined(Goldens.cases(CHECKPOINT).getLast()); // over 300 tokens
        int from = prompt.size() - 7;
        try (Engine engine = Engine.open(config(Device.CPU).withPrefillRowsMax(64))) {
            List<List<TokenLogprob>> whole = scores(engine, scoring(prompt));
            List<List<TokenLogprob>> expected =
                    new ArrayList<>(Collections.nCopies(from, List.of()));
            expected.addAll(whole.subList(from, prompt.size()));
            Generation late = engine.submit(scoring(prompt).withPromptLogprobsFrom(from));
            int reused = late.await().usage().cachedPromptTokens();
            assertEquals(expected, late.promptLogprobs());
            assertTrue(reused > from - 2 * KvShape.PAGE_POSITIONS && reused < from, "" + reused);
            Generation nothing =
                    engine.submit(scoring(prompt).withPromptLogprobsFrom(prompt.size()));
            nothing.await();
            assertEquals(Collections.nCopies(prompt.size(), List.of()), nothing.promptLogprobs());
        }
        try (Engine engine = Engine.open(config(Device.CPU).withSequencesMax(2))) {
            Generation first = engine.submit(scoring(prompt).withPromptLogprobsFrom(from));
            Generation second = engine.submit(scoring(prompt));
            first.await();
            second.await();
            assertEquals(
                    second.promptLogprobs().subList(from, prompt.size()),
                    first.promptLogprobs().subList(from, prompt.size()),
                    "neither is in the cache");
        }
    }

    /** No step has logits of all rows: those of 16k tokens would not fit into memory. */
    @Test
    void theLogitsOfOneStepAreThoseOfFewRows() throws InterruptedException {
        EngineConfig config =
                config(Device.CPU)
                        .withSequencesMax(1)
                        .withPrefillRowsMax(16)
                        .withContextTokensMax(512);
        List<Integer> prompt = new ArrayList<>(Goldens.prompt(CHECKPOINT, 300));
        prompt.addAll(Goldens.prompt(CHECKPOINT, 300).subList(0, 212));
        try (Engine engine = Engine.open(config)) {
            long logits = Float.BYTES * (long) prompt.size() * engine.model().vocabSize();
            long step = engine.memoryPlan().activationBytes();
            assertTrue(step < logits, "%d bytes for a step, %d".formatted(step, logits));
            assertEquals(prompt.size(), scores(engine, scoring(prompt)).size());
        }
    }

    @Test
    void anEmptyOutputComputesThePromptOnly() throws InterruptedException {
        try (Engine engine = Engine.open(config(Device.CPU).withContextTokensMax(33))) {
            Generation generation = engine.submit(scoring(Goldens.prompt(CHECKPOINT, 33)));
            GenerationResult result = generation.await();
            assertEquals(List.of(), result.ids());
            assertEquals(FinishReason.LENGTH, result.reason());
            assertEquals(0, result.usage().outputTokens());
            assertEquals(33, generation.promptLogprobs().size());
            Generation one = engine.submit(scoring(List.of(1)));
            one.await();
            assertEquals(List.of(List.of()), one.promptLogprobs());
            assertEquals(0, engine.load().kvPagesHeld());
        }
    }

    @Test
    void requestsOutOfRangeAreRefused() throws InterruptedException {
        GenerationRequest request = GenerationRequest.ids(List.of(1, 2)).withMaxTokens(1);
        assertThrows(InputException.class, () -> request.withMaxTokens(0));
        assertThrows(InputException.class, () -> request.withPromptLogprobs(101));
        assertThrows(InputException.class, () -> request.withPromptLogprobs(-1));
        try (Engine engine = Engine.open(config(Device.CPU))) {
            Generation generation = engine.submit(request);
            generation.await();
            assertThrows(IllegalStateException.class, generation::promptLogprobs);
        }
    }
}
