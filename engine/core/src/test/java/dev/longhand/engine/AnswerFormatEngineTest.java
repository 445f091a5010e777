package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.GenerationResult;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Answers in a format on the demo's model: the same bits alone, beside others and with draft
 * tokens; a thought before the answer is free.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class AnswerFormatEngineTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");
    private static final String QUESTION = "Tom has 3 apples and buys 2 more. How many apples?";
    private static final AnswerFormat CODE = AnswerFormat.regex("([A-D]{2}-[0-9]{3} ){6}end");

    @SuppressWarnings("MustBeClosedChecker") // the callers close it
    private static Engine open(Device device) {
        TestDevices.require(device);
        return Engine.open(
                EngineConfig.of(DEMO)
                        .withDevice(device)
                        .withThreads(2)
                        .withContextTokensMax(512)
                        .withKvTokensMax(2048)
                        .withAdapter("long-cot", DEMO.resolveSibling("adapter")));
    }

    private static GenerationRequest request(AnswerFormat format, long seed) {
        return GenerationRequest.chat(QUESTION)
                .withAnswerFormat(format)
                .withMaxTokens(80)
                .withSampling(
                        SamplingOptions.DEFAULT.withTemperature(1f).withSeed(seed).withLogprobs(3));
    }

    @Test
    void theDeviceHoldsAnswersToTheFormatToo() {
        try (Engine engine = open(TestDevices.PTX)) {
            GenerationRequest request =
                    GenerationRequest.text("x")
                            .withAnswerFormat(AnswerFormat.regex("[A-D]-[0-9]"))
                            .withMaxTokens(4);
            Completion answer = Completion.of(engine, request);
            assertTrue(answer.text().matches("[A-D]-[0-9]"), answer.text());
        }
    }

    @Test
    void draftTokensAndNeighboursChangeNoBit() {
        List<Completion> alone = new ArrayList<>();
        Completion neighbour;
        GenerationRequest free = request(CODE, 9).withAnswerFormat(null);
        try (Engine engine = open(Device.CPU)) {
            int samples = 6;
            for (int i = 0; i < samples; i++) {
                alone.add(Completion.of(engine, request(CODE, i).withSpeculation(Speculation.OFF)));
                assertTrue(
                        alone.get(i).text().matches("([A-D]{2}-[0-9]{3} ){6}end"),
                        alone.get(i).text());
                assertEquals(FinishReason.STOP, alone.get(i).reason());
            }
            neighbour = Completion.of(engine, free);
            List<Generation> together = new ArrayList<>();
            together.add(engine.submit(free));
            for (int i = 0; i < samples; i++) {
                together.add(engine.submit(request(CODE, i).withSpeculation(Speculation.ON)));
            }
            assertEquals(neighbour, Completion.of(together.getFirst()));
            for (int i = 0; i < samples; i++) {
                assertEquals(alone.get(i), Completion.of(together.get(i + 1)), "sample " + i);
            }
        }
    }

    @Test
    void draftTokensAreVerifiedWithinTheFormat() throws InterruptedException {
        AnswerFormat repeated = AnswerFormat.regex("(abc ){30}");
        try (Engine engine = open(Device.CPU)) {
            GenerationRequest request = request(repeated, 1).withMaxTokens(200);
            GenerationResult drafted =
                    engine.submit(request.withSpeculation(Speculation.ON)).await();
            assertEquals("abc ".repeat(30), drafted.text());
            assertTrue(drafted.usage().acceptedTokens() > 20, "" + drafted.usage());
        }
    }

    @Test
    void theThoughtIsFreeAndTheAnswerIsNot() throws InterruptedException {
        try (Engine engine = open(Device.CPU)) {
            for (int budget : new int[] {0, 5, 40}) {
                GenerationRequest request =
                        request(AnswerFormat.choice(List.of("five", "six")), 3)
                                .withAdapter("long-cot")
                                .withMaxTokens(300)
                                .withThinking(Thinking.budget(budget));
                GenerationResult result = engine.submit(request).await();
                String answer = result.text().substring(result.answerStart());
                assertTrue(answer.endsWith("five") || answer.endsWith("six"), result.text());
                assertTrue(result.usage().answerTokens() > 0, "" + result.usage());
                assertEquals(FinishReason.STOP, result.reason());
            }
            GenerationRequest direct =
                    request(AnswerFormat.choice(List.of("five", "six")), 3).withAdapter("long-cot");
            String text = engine.submit(direct).await().text();
            assertTrue(text.equals("five") || text.equals("six"), text);
        }
    }

    @Test
    void aCutAnswerIsTheBeginningOfOne() throws InterruptedException {
        try (Engine engine = open(Device.CPU)) {
            GenerationResult cut = engine.submit(request(CODE, 1).withMaxTokens(3)).await();
            assertEquals(FinishReason.LENGTH, cut.reason());
            assertTrue(cut.text().matches("[A-D]{1,2}(-[0-9 ]*)?"), cut.text());
        }
    }

    @Test
    void aBadFormatIsRefusedWhenItIsSubmitted() {
        try (Engine engine = open(Device.CPU)) {
            assertThrows(
                    AnswerFormatException.class,
                    () -> engine.submit(request(AnswerFormat.regex("("), 1)));
            assertThrows(
                    AnswerFormatException.class,
                    () -> engine.submit(request(AnswerFormat.regex("(a?){9000}"), 1)));
        }
    }
}
