package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.kernels.Device;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** {@code train --eval-problems}: the model in training answers problems, and they are scored. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class TrainAnswersTest {
    private static final Path MODEL = Goldens.DEMO.resolve("checkpoint");
    private static final int PROBLEMS = 6;
    private static final int TOKENS = 24;
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir private Path folder;
    private final List<String> questions = new ArrayList<>();

    /** Writes the first problems of the demo, and demonstrations of their answers. */
    @BeforeEach
    void writeProblems() throws IOException {
        TestDevices.require(Device.CPU);
        List<String> problems = new ArrayList<>();
        List<String> demonstrations = new ArrayList<>();
        try (Stream<String> lines = Files.lines(Goldens.DEMO.resolve("problems.jsonl"))) {
            for (String line : lines.limit(PROBLEMS).toList()) {
                JsonNode row = JSON.readTree(line);
                String question = row.get("question").asString();
                String answer = row.get("answer").asString();
                questions.add(question);
                problems.add(
                        JSON.writeValueAsString(
                                Map.of(
                                        "id",
                                        row.get("id"),
                                        "question",
                                        question,
                                        "answers",
                                        List.of(answer))));
                demonstrations.add(
                        JSON.writeValueAsString(
                                Map.of(
                                        "messages",
                                        List.of(
                                                message("user", question),
                                                message(
                                                        "assistant",
                                                        "The answer is \\boxed{%s}."
                                                                .formatted(answer))))));
            }
        }
        Files.write(folder.resolve("problems.jsonl"), problems);
        Files.write(folder.resolve("data.jsonl"), demonstrations);
    }

    private static Map<String, String> message(String role, String content) {
        return Map.of("role", role, "content", content);
    }

    private Path train(String run, String... more) {
        Path out = folder.resolve(run);
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "train",
                                "--model=" + MODEL,
                                "--data=" + folder.resolve("data.jsonl"),
                                "--out=" + out,
                                "--accumulate=" + PROBLEMS,
                                "--save-every=100"));
        arguments.addAll(List.of(more));
        assertEquals(0, Main.run(arguments.toArray(String[]::new)));
        return out;
    }

    private String problems() {
        return "--eval-problems=" + folder.resolve("problems.jsonl");
    }

    private static List<JsonNode> evaluations(Path out) throws IOException {
        try (Stream<String> lines = Files.lines(out.resolve("train.jsonl"))) {
            return lines.map(line -> JSON.readTree(line))
                    .filter(line -> line.has("eval_accuracy"))
                    .toList();
        }
    }

    /** After 12 steps all six are known by heart; the answers are those of an engine of its own. */
    @Test
    void anAdapterAnswersWhileItIsTrained() throws IOException {
        String[] lora = {"--rank=16", "--lr=4e-3", "--steps=12", "--eval-every=2"};
        Path out =
                train(
                        "with",
                        Stream.concat(
                                        Stream.of(lora),
                                        Stream.of(problems(), "--eval-tokens=" + TOKENS))
                                .toArray(String[]::new));
        List<JsonNode> evaluations = evaluations(out);
        assertEquals(6, evaluations.size());
        for (JsonNode each : evaluations) {
            assertEquals(PROBLEMS, each.get("eval_answers").asInt());
            assertEquals(
                    each.get("eval_correct").asInt() / (double) PROBLEMS,
                    each.get("eval_accuracy").asDouble());
            Path scores =
                    out.resolve(
                            "answers/step-%09d/scores.jsonl".formatted(each.get("step").asInt()));
            assertEquals(
                    each.get("eval_correct").asLong(),
                    JsonLines.readAll(scores, Score::of).stream()
                            .filter(score -> Boolean.TRUE.equals(score.correct()))
                            .count());
        }
        int before = evaluations.getFirst().get("eval_correct").asInt();
        assertTrue(before < PROBLEMS, before + " right after 2 steps");
        assertEquals(PROBLEMS, evaluations.getLast().get("eval_correct").asInt());
        int best =
                evaluations.stream()
                        .filter(each -> each.get("eval_correct").asInt() == PROBLEMS)
                        .mapToInt(each -> each.get("step").asInt())
                        .findFirst()
                        .orElseThrow();
        assertEquals(
                best, JSON.readTree(out.resolve("best/run.json").toFile()).get("step").asInt());
        assertEquals(answers(out.resolve("last")), written(out, 12));
        assertEquals(answers(out.resolve("best")), written(out, best));
        assertFalse(Files.exists(out.resolve("answers/weights")));
        String tensors = "last/adapter_model.safetensors";
        assertArrayEquals(
                Files.readAllBytes(train("without", lora).resolve(tensors)),
                Files.readAllBytes(out.resolve(tensors)));
    }

    private List<String> answers(Path adapter) {
        try (Engine engine =
                Engine.open(
                        EngineConfig.of(MODEL)
                                .withDevice(Device.CPU)
                                .withContextTokensMax(256)
                                .withAdapter("learned", adapter))) {
            return questions.stream()
                    .map(
                            question ->
                                    Completion.of(
                                                    engine,
                                                    GenerationRequest.chat(question)
                                                            .withMaxTokens(TOKENS)
                                                            .withAdapter("learned"))
                                            .text())
                    .toList();
        }
    }

    private static List<String> written(Path out, int step) {
        return JsonLines.readAll(
                out.resolve("answers/step-%09d/generations.jsonl".formatted(step)),
                line -> text(line));
    }

    private static String text(JsonLine line) {
        return line.requiredString("text");
    }

    @Test
    void allWeightsAnswerAsACheckpoint() throws IOException {
        Path config =
                Files.writeString(
                        folder.resolve("config.json"),
                        "{\"user_template\": \"{question}\", \"max_new_tokens\": 8}");
        Path out =
                train(
                        "full",
                        "--method=full",
                        "--steps=1",
                        problems(),
                        "--eval-config=" + config,
                        "--eval=" + folder.resolve("data.jsonl"));
        JsonNode evaluation = evaluations(out).getFirst();
        assertEquals(PROBLEMS, evaluation.get("eval_answers").asInt());
        assertTrue(evaluation.has("eval_loss"));
        assertFalse(Files.exists(out.resolve("answers/weights")));
    }
}
