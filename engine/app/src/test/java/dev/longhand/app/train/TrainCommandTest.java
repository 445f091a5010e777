package dev.longhand.app.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.architecture.Architecture;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.kernels.Device;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs {@code train} as a process: it learns, and its bits depend on nothing but its settings. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class TrainCommandTest {
    private static final int DEMONSTRATIONS = 8;
    private static final int STEPS = 12;
    private static final int VOCABULARY = 620; // of the demo

    @TempDir private Path folder;
    private Path data = Path.of("");

    @BeforeEach
    void writeData() throws IOException {
        TestDevices.require(Device.CPU);
        data =
                TrainProcess.data(
                        folder.resolve("data.jsonl"), TrainProcess.problems(DEMONSTRATIONS));
    }

    private List<String> arguments(String out, String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "--model",
                                TrainProcess.MODEL.toString(),
                                "--out",
                                out(out).toString()));
        arguments.addAll(List.of("--data", data.toString()));
        arguments.addAll(List.of(more));
        return arguments;
    }

    /** A short run: six sequences a step, so that an epoch has a remainder. */
    private List<String> brief(String out, String... more) {
        List<String> arguments =
                arguments(out, "--rank", "4", "--lr", "2e-3", "--steps", "" + STEPS);
        if (Stream.of(more).noneMatch("--accumulate"::equals)) {
            arguments.addAll(List.of("--accumulate", "6"));
        }
        arguments.addAll(List.of("--dropout", "0.1", "--save-every", "1"));
        arguments.addAll(List.of(more));
        return arguments;
    }

    private Path out(String name) {
        return folder.resolve(name);
    }

    private void assertSameBits(String expected, String actual) throws IOException {
        Map<String, byte[]> weights = TrainProcess.weights(out(expected).resolve("last"));
        Map<String, byte[]> others = TrainProcess.weights(out(actual).resolve("last"));
        assertEquals(weights.keySet(), others.keySet());
        for (Map.Entry<String, byte[]> each : weights.entrySet()) {
            assertArrayEquals(each.getValue(), others.get(each.getKey()), each.getKey());
        }
        assertEquals(TrainProcess.log(out(expected)), TrainProcess.log(out(actual)));
    }

    private static String answer(Engine engine, String question, @Nullable String adapter) {
        GenerationRequest request = GenerationRequest.chat(question).withMaxTokens(20);
        return Completion.of(engine, adapter == null ? request : request.withAdapter(adapter))
                .text();
    }

    private static long right(Engine engine, @Nullable String adapter) throws IOException {
        return TrainProcess.problems(DEMONSTRATIONS).stream()
                .filter(
                        problem ->
                                answer(engine, problem.question(), adapter)
                                        .contains("\\boxed{" + problem.answer() + "}"))
                .count();
    }

    /** A model of another family learns from scratch, with the demo's tokenizer. */
    @Test
    void aConfigurationIsLearnedFromScratch() throws Exception {
        Path config = Goldens.checkpoint("llama-dim32").resolve("config.json");
        List<String> run = arguments("llama", "--method", "full", "--from-scratch", "--steps", "2");
        run.addAll(List.of("--save-every", "1", "--config"));
        List<String> llama = new ArrayList<>(run);
        llama.add(vocabularyOfTheDemo(config).toString());
        TrainProcess.succeed(llama);
        Path last = out("llama").resolve("last");
        assertEquals(Architecture.LLAMA, ModelConfig.read(last).architecture());
        try (Engine engine =
                Engine.open(
                        EngineConfig.of(last).withDevice(Device.CPU).withContextTokensMax(64))) {
            assertFalse(answer(engine, "How many?", null).isEmpty());
        }
        List<String> other = new ArrayList<>(run);
        other.addAll(
                List.of(
                        vocabularyOfTheDemo(
                                        Goldens.checkpoint("mistral-dim32").resolve("config.json"))
                                .toString(),
                        "--resume"));
        TrainProcess.Outcome refused = TrainProcess.run(other);
        assertEquals(2, refused.status(), refused.err());
        assertTrue(refused.err().contains("config_sha256"), refused.err());
    }

    private Path vocabularyOfTheDemo(Path config) throws IOException {
        return Files.writeString(
                folder.resolve("config-" + config.getParent().getFileName()),
                Files.readString(config).replaceAll("(\"vocab_size\": *)\\d+", "$1" + VOCABULARY));
    }

    /** Eight demonstrations are learned by heart, and a running engine answers them at once. */
    @Test
    void aRunningEngineServesWhatWasLearned() throws Exception {
        try (Engine engine =
                Engine.open(
                        EngineConfig.of(TrainProcess.MODEL)
                                .withDevice(Device.CPU)
                                .withContextTokensMax(256))) {
            long before = right(engine, null);
            TrainProcess.succeed(
                    arguments(
                            "lora",
                            "--rank",
                            "16",
                            "--lr",
                            "4e-3",
                            "--accumulate",
                            "8",
                            "--epochs",
                            "40"));
            double loss = TrainProcess.last(out("lora"), "loss");
            assertTrue(loss < 0.05, "loss " + loss);
            engine.adapters().load("learned", out("lora").resolve("last"));
            assertTrue(before < DEMONSTRATIONS, before + " right before");
            assertEquals(DEMONSTRATIONS, right(engine, "learned"));
            assertEquals(before, right(engine, null));
        }
        TrainProcess.Outcome merged =
                TrainProcess.run(
                        "merge",
                        List.of(
                                "--model", TrainProcess.MODEL.toString(),
                                "--adapter", out("lora").resolve("last").toString(),
                                "--out", out("merged").toString()));
        assertEquals(0, merged.status(), merged.err());
        try (Engine engine = Engine.open(EngineConfig.of(out("merged")).withDevice(Device.CPU))) {
            assertEquals(DEMONSTRATIONS, right(engine, null));
        }
    }

    @Test
    void allWeightsAreLearnedAsACheckpoint() throws Exception {
        TrainProcess.succeed(
                arguments(
                        "full",
                        "--method",
                        "full",
                        "--lr",
                        "1e-3",
                        "--accumulate",
                        "8",
                        "--epochs",
                        "30",
                        "--eval",
                        data.toString(),
                        "--eval-every",
                        "10"));
        assertTrue(TrainProcess.last(out("full"), "loss") < 0.05);
        assertTrue(TrainProcess.last(out("full"), "eval_token_accuracy") > 0.99);
        try (Engine engine =
                Engine.open(EngineConfig.of(out("full").resolve("best")).withDevice(Device.CPU))) {
            assertEquals(DEMONSTRATIONS, right(engine, null));
        }
    }

    @Test
    void fiveKillsChangeNoBit() throws Exception {
        TrainProcess.succeed(brief("whole"));
        for (int step : List.of(1, 3, 6, 8, 11)) {
            TrainProcess.kill(brief("killed", "--resume"), "step %d of %d".formatted(step, STEPS));
        }
        TrainProcess.succeed(brief("killed", "--resume"));
        assertSameBits("whole", "killed");
    }

    @Test
    void threadsMicroBatchesAndRecomputationChangeNoBit() throws Exception {
        TrainProcess.succeed(brief("one", "--threads", "1"));
        TrainProcess.succeed(
                brief("2x3", "--threads", "2", "--micro-batch", "2", "--accumulate", "3"));
        TrainProcess.succeed(
                brief("3x2", "--threads", "7", "--micro-batch", "3", "--accumulate", "2"));
        TrainProcess.succeed(
                brief(
                        "6x1",
                        "--micro-batch",
                        "6",
                        "--accumulate",
                        "1",
                        "--checkpointing",
                        "layer"));
        TrainProcess.succeed(brief("none", "--checkpointing", "none"));
        for (String other : List.of("2x3", "3x2", "6x1", "none")) {
            assertSameBits("one", other);
        }
    }

    /** A checkpoint without tokenizer, rows of token ids, and an adapter to begin with. */
    @Test
    void aRunBeginsWithAGivenAdapter() throws Exception {
        Path model = Goldens.checkpoint("dim64-group5");
        Path rows =
                Files.writeString(
                        folder.resolve("rows.jsonl"),
                        "{\"input_ids\": [3, 5, 7, 9, 2], \"labels\": [-100, 5, 7, -100, 2]}\n");
        List<String> common =
                List.of(
                        "--model",
                        model.toString(),
                        "--data",
                        rows.toString(),
                        "--rank",
                        "2",
                        "--targets",
                        "q_proj,v_proj",
                        "--rslora",
                        "--accumulate",
                        "1",
                        "--no-shuffle",
                        "--warmup",
                        "0",
                        "--schedule",
                        "constant",
                        "--compute",
                        "f32",
                        "--lr",
                        "1e-3");
        List<String> first = new ArrayList<>(common);
        first.addAll(List.of("--out", out("first").toString(), "--steps", "3"));
        TrainProcess.succeed(first);
        List<String> second = new ArrayList<>(common);
        second.addAll(List.of("--out", out("second").toString(), "--steps", "1"));
        second.addAll(List.of("--lora-init", out("first").resolve("last").toString()));
        TrainProcess.succeed(second);
        double lossAtFirst = TrainProcess.last(out("first"), "loss");
        double lossThen = TrainProcess.last(out("second"), "loss");
        assertTrue(lossThen < lossAtFirst, lossThen + " after " + lossAtFirst);
        TrainProcess.Outcome refused = TrainProcess.run(second);
        assertEquals(2, refused.status());
        assertTrue(refused.err().contains("holds a run; use --resume"), refused.err());
    }

    @Test
    void badDataIsRefusedByLine() throws Exception {
        Files.writeString(data, "{\"messages\": []}\n");
        TrainProcess.Outcome outcome = TrainProcess.run(arguments("out"));
        assertEquals(2, outcome.status());
        assertTrue(
                outcome.err().contains("data.jsonl:1: has no turn of the assistant"),
                outcome.err());
    }
}
