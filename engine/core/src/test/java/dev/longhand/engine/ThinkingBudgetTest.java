package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.ptx.PtxDevice;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.generation.TextSegment;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.generation.TokenLogprob;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A thinking budget on the demo's adapter, which produces thoughts. The budget ends a thought as if
 * the model had ended it: the tokens after the forced ones have the same bits as after a prompt
 * that contains them.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class ThinkingBudgetTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");
    private static final String QUESTION = question();

    private static String question() {
        try (Stream<String> problems = Files.lines(DEMO.resolveSibling("problems.jsonl"))) {
            String first = problems.findFirst().orElseThrow();
            return new JsonMapper().readTree(first).get("question").asString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @SuppressWarnings("MustBeClosedChecker") // the callers close it
    private static Engine open(Device device) {
        TestDevices.require(device);
        return Engine.open(
                EngineConfig.of(DEMO)
                        .withDevice(device)
                        .withThreads(2)
                        .withContextTokensMax(512)
                        .withKvTokensMax(1024)
                        .withAdapter("long-cot", DEMO.resolveSibling("adapter")));
    }

    /** The complete output of a generation. */
    private record Output(
            List<Integer> prompt,
            List<GenerationEvent.TokenEmitted> tokens,
            String text,
            GenerationEvent.Finished end) {
        static Output of(Engine engine, GenerationRequest request) {
            Generation generation = engine.submit(request);
            List<GenerationEvent.TokenEmitted> tokens = new ArrayList<>();
            StringBuilder text = new StringBuilder();
            try {
                GenerationEvent event = generation.next();
                while (event instanceof GenerationEvent.TokenEmitted token) {
                    tokens.add(token);
                    text.append(token.text());
                    event = generation.next();
                }
                var end = assertInstanceOf(GenerationEvent.Finished.class, event);
                text.append(end.rest());
                return new Output(generation.promptIds(), tokens, text.toString(), end);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        List<Integer> ids() {
            return tokens.stream().map(GenerationEvent.TokenEmitted::id).toList();
        }

        List<List<TokenLogprob>> top() {
            return tokens.stream().map(GenerationEvent.TokenEmitted::top).toList();
        }

        /** Returns the number of tokens before the thought. */
        int before() {
            return tokens.indexOf(thought().getFirst());
        }

        List<GenerationEvent.TokenEmitted> thought() {
            return tokens.stream().filter(token -> token.phase() == TextSegment.THOUGHT).toList();
        }
    }

    private static GenerationRequest request(int tokens) {
        return GenerationRequest.chat(QUESTION).withAdapter("long-cot").withMaxTokens(tokens);
    }

    /**
     * Returns the request with the thought already begun, since high temperatures might never begin
     * one.
     */
    private static GenerationRequest begun(Engine engine, GenerationRequest request) {
        List<Integer> prompt = engine.submit(request.withMaxTokens(1)).promptIds();
        return GenerationRequest.ids(joined(prompt, tokens(engine, "<|begin_of_thought|>\n\n")))
                .withAdapter("long-cot");
    }

    private static List<Integer> tokens(Engine engine, String text) {
        return Arrays.stream(engine.tokenizer().orElseThrow().encode(text)).boxed().toList();
    }

    private static <T> List<T> joined(List<T> first, List<T> second) {
        return Stream.concat(first.stream(), second.stream()).toList();
    }

    /**
     * Returns sampling options: greedy, sampled, or with a repetition penalty on the tokens of
     * prompt, thought and closing.
     */
    private static SamplingOptions sampling(int kind) {
        return switch (kind) {
            case 0 -> SamplingOptions.greedy().withLogprobs(3);
            case 1 ->
                    SamplingOptions.DEFAULT
                            .withTemperature(0.9f)
                            .withTopK(40)
                            .withTopP(0.95f)
                            .withSeed(7L)
                            .withLogprobs(5);
            default ->
                    SamplingOptions.DEFAULT
                            .withTemperature(0.8f)
                            .withTopK(20)
                            .withRepetitionPenalty(1.2f)
                            .withSeed(9L)
                            .withLogprobs(2);
        };
    }

    private static void assertClosedExactly(Engine engine, int budget, int kind, int answer) {
        GenerationRequest plain = kind == 0 ? request(400) : begun(engine, request(400));
        int opening = kind == 0 ? tokens(engine, "<|begin_of_thought|>").size() : 0;
        GenerationRequest free =
                plain.withMaxTokens(opening + budget + 1).withSampling(sampling(kind));
        Output unlimited = Output.of(engine, free);
        assertTrue(unlimited.thought().size() > budget, "the thought is longer than the budget");
        int drawn = unlimited.before() + budget;
        int closing = tokens(engine, ThoughtMarkers.SKY_T1.closing()).size();

        GenerationRequest limited =
                free.withThinking(Thinking.budget(budget)).withMaxTokens(drawn + closing + answer);
        Output closed = Output.of(engine, limited.withSpeculation(Speculation.OFF));
        assertEquals(unlimited.ids().subList(0, drawn), closed.ids().subList(0, drawn));
        assertEquals(unlimited.top().subList(0, drawn), closed.top().subList(0, drawn));
        assertEquals(
                tokens(engine, ThoughtMarkers.SKY_T1.closing()),
                closed.ids().subList(drawn, drawn + closing));

        List<Integer> prompt = joined(closed.prompt(), closed.ids().subList(0, drawn + closing));
        Output continued =
                Output.of(
                        engine,
                        GenerationRequest.ids(prompt)
                                .withAdapter("long-cot")
                                .withSampling(sampling(kind))
                                .withMaxTokens(answer));
        assertEquals(continued.ids(), closed.ids().subList(drawn + closing, closed.ids().size()));
        assertEquals(continued.top(), closed.top().subList(drawn + closing, closed.ids().size()));

        assertCounted(engine, closed, budget);
        Output guessed = Output.of(engine, limited.withSpeculation(Speculation.ON));
        assertEquals(closed.tokens(), guessed.tokens());
        assertEquals(closed.end().answerStart(), guessed.end().answerStart());
    }

    private static void assertCounted(Engine engine, Output closed, int budget) {
        int marker = tokens(engine, "\n\n" + ThoughtMarkers.SKY_T1.end()).size();
        assertEquals(budget + marker, closed.end().usage().thoughtTokens());
        assertEquals(budget + marker, closed.thought().size());
        assertEquals(
                closed.tokens().size() - closed.before() - budget - marker,
                closed.end().usage().answerTokens());
        int answerStart = closed.end().answerStart();
        assertTrue(closed.text().substring(0, answerStart).endsWith("<|end_of_thought|>"));
        assertTrue(closed.text().substring(answerStart).startsWith("\n\n<|begin_of_solution|>"));
    }

    @ParameterizedTest(name = "{0}, budget {1}, sampling {2}")
    @CsvSource({
        "CPU, 0, 0",
        "CPU, 1, 0",
        "CPU, 37, 0",
        "CPU, 12, 1",
        "CPU, 37, 1",
        "CPU, 5, 2",
        "CPU, 37, 2",
        "REFERENCE, 10, 1"
    })
    void theAnswerFollowsTheForcedTokens(Device device, int budget, int kind) {
        try (Engine engine = open(device)) {
            assertClosedExactly(engine, budget, kind, 30);
        }
    }

    /**
     * On CUDA the device keeps the history of the sequence, which the forced tokens must enter.
     * Prompt, thought and markers are a few tokens long, because each step takes the PTX device a
     * second.
     */
    @Test
    @Timeout(value = 900, unit = TimeUnit.SECONDS)
    void theAnswerFollowsTheForcedTokensOnCuda() {
        TestDevices.require(TestDevices.PTX);
        PtxDevice device = TestDevices.ptx();
        device.clear();
        int budget = 3;
        int answer = 4;
        try (Engine engine = open(TestDevices.PTX)) {
            GenerationRequest plain =
                    GenerationRequest.text("Tom has 4")
                            .withAdapter("long-cot")
                            .withSampling(sampling(2))
                            .ignoringEos();
            ThoughtMarkers markers = new ThoughtMarkers("", "END", " END");
            List<Integer> closing = tokens(engine, markers.closing());
            int length = budget + closing.size() + answer;
            GenerationRequest limited =
                    plain.withThinking(new Thinking(budget, markers)).withMaxTokens(length);
            Output closed = Output.of(engine, limited.withSpeculation(Speculation.OFF));
            List<Integer> thought = closed.ids().subList(0, length - answer);
            assertEquals(closing, thought.subList(budget, thought.size()));
            GenerationRequest continued = GenerationRequest.ids(joined(closed.prompt(), thought));
            Output answered =
                    Output.of(
                            engine,
                            continued
                                    .withAdapter("long-cot")
                                    .withSampling(sampling(2))
                                    .withMaxTokens(answer)
                                    .ignoringEos());
            assertEquals(answered.ids(), closed.ids().subList(thought.size(), length));
            assertEquals(answered.top(), closed.top().subList(thought.size(), length));
            Output guessed = Output.of(engine, limited.withSpeculation(Speculation.ON));
            assertEquals(closed.tokens(), guessed.tokens());
        }
        assertEquals(List.of(), device.findings());
    }

    @Test
    void aThoughtThatEndsInTimeIsNotTouched() {
        try (Engine engine = open(Device.CPU)) {
            Output free = Output.of(engine, request(400));
            Output limited = Output.of(engine, request(400).withThinking(Thinking.budget(399)));
            assertEquals(free.tokens(), limited.tokens());
            assertEquals(FinishReason.STOP, free.end().reason());
            assertTrue(free.end().usage().thoughtTokens() > 50);
            assertTrue(free.end().usage().answerTokens() > 5);
            String answer = free.text().substring(free.end().answerStart());
            assertTrue(answer.startsWith("\n\n<|begin_of_solution|>"), answer);
            Output base = Output.of(engine, request(400).withAdapter(null));
            assertEquals(0, base.end().usage().thoughtTokens());
            assertEquals(base.tokens().size(), base.end().usage().answerTokens());
            assertEquals(0, base.end().answerStart());
        }
    }

    @Test
    void stopStringsAreFoundInForcedText() {
        try (Engine engine = open(Device.CPU)) {
            Output output =
                    Output.of(
                            engine,
                            request(400)
                                    .withThinking(Thinking.budget(9))
                                    .withStops(List.of("<|end_of_thought|>"))
                                    .withStopInThought(true));
            assertEquals(FinishReason.STOP, output.end().reason());
            assertTrue(output.text().startsWith("<|begin_of_thought|>"));
            assertTrue(output.text().endsWith("\n\n"), output.text());
            assertEquals(output.text().length(), output.end().answerStart());
        }
    }

    @Test
    void markersOfOnesOwn() {
        ThoughtMarkers markers = new ThoughtMarkers("", "END", ". And here is the END, so:");
        try (Engine engine = open(Device.CPU)) {
            Output output = Output.of(engine, request(60).withThinking(new Thinking(3, markers)));
            assertEquals(0, output.before());
            List<Integer> closing = tokens(engine, markers.closing());
            assertEquals(closing, output.ids().subList(3, 3 + closing.size()));
            int answerStart = output.end().answerStart();
            assertTrue(output.text().substring(0, answerStart).endsWith("here is the END"));
            assertTrue(output.text().substring(answerStart).startsWith(", so:"));
        }
    }

    @Test
    void withoutATokenizerThereIsNoBudget() {
        TestDevices.require(Device.CPU);
        try (Engine engine = Engine.open(EngineConfig.of(Goldens.LONG).withDevice(Device.CPU))) {
            GenerationRequest ids = GenerationRequest.ids(List.of(1, 2, 3)).withMaxTokens(4);
            assertThrows(
                    InputException.class,
                    () -> engine.submit(ids.withThinking(Thinking.budget(3))));
            Output output = Output.of(engine, ids.ignoringEos());
            assertEquals(4, output.end().usage().answerTokens());
            assertEquals("", output.text());
        }
    }
}
