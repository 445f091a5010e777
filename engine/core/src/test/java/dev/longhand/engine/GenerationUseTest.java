package dev.longhand.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.FinishReason;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/** What an embedder does with engines and generations. */
@Timeout(60)
class GenerationUseTest {
    private static final String TOOL =
            """
            {"type":"function","function":{"name":"add","parameters":{"type":"object"}}}\
            """;

    private static Engine engine() {
        return Engine.open(
                EngineConfig.of(Goldens.DEMO.resolve("checkpoint"))
                        .withDevice(Device.CPU)
                        .withThreads(1));
    }

    private static GenerationRequest endless() {
        return GenerationRequest.text("17").ignoringEos();
    }

    @Test
    void closingCancels() throws InterruptedException {
        try (Engine engine = engine()) {
            Generation generation = engine.submit(endless());
            try (generation) {
                assertNotNull(generation.next());
            }
            assertEquals(FinishReason.CANCELLED, generation.await().reason());
            generation.close();
        }
    }

    @Test
    void anInterruptOfTheReaderCancels() throws InterruptedException {
        try (Engine engine = engine()) {
            Generation generation = engine.submit(endless());
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread reader =
                    Thread.startVirtualThread(
                            () ->
                                    thrown.set(
                                            assertThrows(
                                                    InterruptedException.class,
                                                    generation::await)));
            reader.interrupt();
            reader.join();
            assertNotNull(thrown.get());
            assertEquals(FinishReason.CANCELLED, generation.await().reason());
        }
    }

    @Test
    void aClosedEngineSaysSo() {
        Engine engine = engine();
        engine.close();
        for (var call :
                List.<org.junit.jupiter.api.function.Executable>of(
                        () -> engine.submit(endless()),
                        () -> engine.submit(GenerationRequest.chat("17")),
                        () -> engine.tokens(new Prompt.Text("17")),
                        () -> engine.adapters().load("a", Goldens.DEMO.resolve("adapter")))) {
            var error = assertThrows(IllegalStateException.class, call);
            assertEquals("the engine is closed", error.getMessage());
        }
        assertEquals(0, engine.adapters().residentBytes());
    }

    @Test
    void toolsAndInstructionsOfAConversation() {
        GenerationRequest request =
                GenerationRequest.chat("17 + 4?").withTools(List.of(TOOL)).withSystem("Be brief.");
        var expected =
                new Prompt.Chat(
                        List.of(ChatMessage.system("Be brief."), ChatMessage.user("17 + 4?")),
                        List.of(TOOL));
        assertEquals(expected, request.prompt());
        assertEquals(expected, request.withSystem("No.").withSystem("Be brief.").prompt());
        assertThrows(InputException.class, () -> endless().withSystem("Be brief."));
        assertThrows(InputException.class, () -> endless().withTools(List.of(TOOL)));
    }

    /** The process of {@link #outputsThatWaitTakeNoHeap}. */
    static final class SmallHeap {
        private SmallHeap() {}

        public static void main(String[] arguments) throws InterruptedException {
            SamplingOptions scored = SamplingOptions.greedy().withLogprobs(100);
            try (Engine engine = engine()) {
                GenerationRequest some = endless().withMaxTokens(1000).withSampling(scored);
                AtomicInteger tokens = new AtomicInteger();
                List<Thread> readers = new ArrayList<>();
                for (Generation each : engine.submitAll(some, 60)) {
                    readers.add(Thread.startVirtualThread(() -> count(each, tokens)));
                }
                for (Thread reader : readers) {
                    reader.join();
                }
                System.out.println("tokens: " + tokens);
            }
        }

        private static void count(Generation generation, AtomicInteger tokens) {
            try {
                while (generation.next() instanceof GenerationEvent.TokenEmitted) {
                    tokens.incrementAndGet();
                }
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** 60 logs of 0.8 MB are more than the heap. */
    @Test
    void outputsThatWaitTakeNoHeap() throws IOException, InterruptedException {
        JavaProcess process = JavaProcess.run(SmallHeap.class, List.of("-Xmx40m"), Map.of());
        assertEquals(0, process.status(), process.output());
        assertTrue(process.output().contains("tokens: 60000"), process.output());
    }

    /** The process of {@link #anOutputThatTheHeapCannotHoldIsRefused}. */
    static final class TinyHeap {
        private TinyHeap() {}

        public static void main(String[] arguments) {
            try (Engine engine = engine()) {
                SamplingOptions scored = SamplingOptions.greedy().withLogprobs(100);
                engine.submit(endless().withSampling(scored));
            } catch (InputException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }

    /** One log of a whole context takes 3.3 MB here. */
    @Test
    void anOutputThatTheHeapCannotHoldIsRefused() throws IOException, InterruptedException {
        JavaProcess process = JavaProcess.run(TinyHeap.class, List.of("-Xmx12m"), Map.of());
        assertEquals(0, process.status(), process.output());
        assertTrue(
                process.output().contains("refused: 4094 tokens with 100 log-probabilities"),
                process.output());
    }
}
