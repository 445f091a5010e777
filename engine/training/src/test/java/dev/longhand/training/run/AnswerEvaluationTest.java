package dev.longhand.training.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.Demonstration;
import dev.longhand.training.output.ReplacedFolder;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Answers that are scored during a run decide about the best weights and about its early end. */
class AnswerEvaluationTest {
    private static final int VOCABULARY = 8;
    private static final int ANSWERS = 6;

    @TempDir private Path folder;

    /** Scripted scores, by step from 1; -1 is a disk that is full. */
    private record Scripted(Path work, List<byte[]> weights, int... correct)
            implements AnswerEvaluation {
        @Override
        public String identity() {
            return "problems of the test";
        }

        @Override
        public AnswerScore evaluate(long step, ReplacedFolder.Content writer) throws IOException {
            Path current = Files.createTempDirectory(work, "weights");
            writer.write(current);
            weights.add(Files.readAllBytes(current.resolve("table")));
            int score = correct[(int) step - 1];
            if (score < 0) {
                throw new IOException("no space");
            }
            return new AnswerScore(score, ANSWERS);
        }
    }

    private static final class Warnings implements TrainingListener {
        final List<String> texts = new ArrayList<>();

        @Override
        public void warned(String message) {
            texts.add(message);
        }
    }

    private Scripted scripted(int... correct) {
        return new Scripted(folder, new ArrayList<>(), correct);
    }

    private static Dataset data(int count) {
        return new Dataset(
                IntStream.range(0, count)
                        .mapToObj(
                                i ->
                                        new Demonstration(
                                                "data:" + i,
                                                new int[] {i, i + 1, i + 2},
                                                new int[] {1, 3},
                                                true))
                        .toList(),
                List.of(),
                List.of(),
                "hash");
    }

    private TrainingConfig config(String name, int steps, int patience) {
        return TrainingConfig.of(folder.resolve(name), 0.1)
                .withBatches(
                        new Batches(
                                1, 2, 1, steps, Batches.Normalisation.SEQUENCE, 0, true, 42, true))
                .withEvaluation(new TrainingConfig.Evaluation(1, patience))
                .withSaves(new TrainingConfig.Saves(1, 9, false, false));
    }

    private static TrainingResult run(
            TrainingConfig config,
            @Nullable Dataset held,
            @Nullable AnswerEvaluation answers,
            TrainingListener listener) {
        try (BigramModel model = new BigramModel(VOCABULARY)) {
            return new Training(
                            model,
                            new BigramModel.Output(),
                            data(5),
                            held,
                            answers,
                            config,
                            listener)
                    .run();
        }
    }

    private byte[] best(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name).resolve("best/table"));
    }

    private List<String> log(String name) throws IOException {
        try (Stream<String> lines = Files.lines(folder.resolve(name).resolve("train.jsonl"))) {
            return lines.map(line -> line.replaceAll(",\"tokens_per_second.*}", "}")).toList();
        }
    }

    /** The loss falls at every step, but the answers are best at the second. */
    @Test
    void theMostRightAnswersAreTheBestAndPatienceCountsFromThem() throws IOException {
        Scripted answers = scripted(1, 4, 3, 2, 5);
        TrainingResult result = run(config("out", 5, 2), data(2), answers, TrainingListener.NONE);
        assertEquals(TrainingResult.End.EARLY, result.end());
        assertEquals(4, result.steps());
        EvaluationRecord best = result.best();
        assertNotNull(best);
        assertEquals(2, best.step());
        assertEquals(new AnswerScore(4, ANSWERS), best.answers());
        assertArrayEquals(answers.weights().get(1), best("out"));
        assertTrue(
                log("out").stream()
                        .anyMatch(
                                line ->
                                        line.matches(
                                                "\\{\"step\":4,\"eval_loss\":[\\d.]+,"
                                                        + "\"eval_token_accuracy\":[\\d.]+,"
                                                        + "\"eval_accuracy\":0.333\\d+,"
                                                        + "\"eval_correct\":2,"
                                                        + "\"eval_answers\":6}")),
                log("out").toString());
        assertTrue(
                Files.readString(folder.resolve("out/best/run.json"))
                        .contains("\"eval_correct\" : 4"));
    }

    /** The loss decides between as many right answers; without loss the first one stays. */
    @Test
    void tiesGoByLossThenByTheFirst() {
        EvaluationRecord byLoss =
                run(config("loss", 3, 0), data(2), scripted(2, 2, 2), TrainingListener.NONE).best();
        assertNotNull(byLoss);
        assertEquals(3, byLoss.step());
        EvaluationRecord first =
                run(config("first", 3, 0), null, scripted(2, 2, 2), TrainingListener.NONE).best();
        assertNotNull(first);
        assertEquals(1, first.step());
    }

    @Test
    void aResumedRunKeepsTheBest() throws IOException {
        int[] correct = {1, 4, 3, 2, 0};
        run(config("whole", 5, 4), null, scripted(correct), TrainingListener.NONE);
        run(config("parts", 5, 4), null, scripted(correct), TrainingListener.NONE);
        for (int step = 4; step <= 5; step++) { // back to the checkpoint of step 3
            Files.delete(folder.resolve("parts/state/step-00000000%d.state".formatted(step)));
        }
        TrainingConfig resumed =
                config("parts", 5, 4).withSaves(new TrainingConfig.Saves(1, 9, true, false));
        TrainingResult result = run(resumed, null, scripted(correct), TrainingListener.NONE);
        EvaluationRecord best = result.best();
        assertNotNull(best);
        assertEquals(2, best.step());
        assertEquals(new AnswerScore(4, ANSWERS), best.answers());
        assertArrayEquals(best("whole"), best("parts"));
        assertEquals(log("whole"), log("parts"));
        InputException refused =
                assertThrows(
                        InputException.class,
                        () -> run(resumed, null, null, TrainingListener.NONE));
        assertTrue(
                String.valueOf(refused.getMessage())
                        .contains("evaluation_answers problems of the test"),
                refused.getMessage());
    }

    /** A checkpoint from before this setting is one of a run without answers. */
    @Test
    void anOlderCheckpointIsOneWithoutAnswers() throws IOException {
        TrainingConfig config = config("out", 3, 0);
        run(config, data(2), null, TrainingListener.NONE);
        Path file = folder.resolve("out/state/step-000000003.state");
        try (BigramModel model = new BigramModel(VOCABULARY)) {
            TrainingState now = read(file);
            assertNotNull(now.best());
            Map<String, String> before = new TreeMap<>(now.settings());
            assertEquals("none", before.remove("evaluation_answers"));
            new TrainingState(
                            now.step(),
                            now.total(),
                            now.logBytes(),
                            now.best(),
                            now.worse(),
                            before)
                    .write(file, model);
        }
        TrainingConfig resumed = config.withSaves(new TrainingConfig.Saves(1, 9, true, false));
        InputException refused =
                assertThrows(
                        InputException.class,
                        () -> run(resumed, data(2), scripted(1, 1, 1), TrainingListener.NONE));
        assertTrue(
                String.valueOf(refused.getMessage()).contains("evaluation_answers none"),
                refused.getMessage());
        EvaluationRecord best = run(resumed, data(2), null, TrainingListener.NONE).best();
        assertNotNull(best);
        assertEquals(3, best.step());
    }

    private static TrainingState read(Path file) {
        try (Arena arena = Arena.ofConfined()) {
            return TrainingState.read(file, arena).state();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A full disk is reported; the evaluation has no answers, and those with answers are better.
     */
    @Test
    void answersThatCannotBeWrittenDoNotEndTheRun() throws IOException {
        Warnings warnings = new Warnings();
        TrainingResult result = run(config("out", 3, 0), data(2), scripted(-1, 0, -1), warnings);
        assertEquals(TrainingResult.End.COMPLETE, result.end());
        EvaluationRecord best = result.best();
        assertNotNull(best);
        assertEquals(2, best.step());
        assertEquals(2, warnings.texts.size());
        assertEquals(
                "step 1: answers could not be written (no space); the run goes on",
                warnings.texts.getFirst());
        assertFalse(log("out").get(1).contains("eval_accuracy"), log("out").get(1));
    }
}
