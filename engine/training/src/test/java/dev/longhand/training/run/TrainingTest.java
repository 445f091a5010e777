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

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/** The loop over a small exact model: bits, resumption, evaluation, and everything that fails. */
class TrainingTest {
    private static final int VOCABULARY = 12;

    @TempDir private Path folder;

    private static Demonstration demonstration(int index, int length) {
        int[] ids = new int[length];
        for (int i = 0; i < length; i++) {
            ids[i] = (index * 5 + i * i * (index + 1)) % VOCABULARY;
        }
        return new Demonstration("data:" + index, ids, new int[] {1 + index % 2, length}, true);
    }

    private static Dataset data(int count, String hash) {
        List<Demonstration> demonstrations = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            demonstrations.add(demonstration(i, 4 + i));
        }
        return new Dataset(demonstrations, List.of(), List.of(), hash);
    }

    private static Batches batches(int micro, int accumulate, int steps) {
        return new Batches(
                micro, accumulate, 1, steps, Batches.Normalisation.SEQUENCE, 0, true, 42, true);
    }

    private TrainingConfig config(String name, Batches batches) {
        return TrainingConfig.of(folder.resolve(name), 0.1)
                .withBatches(batches)
                .withSaves(new TrainingConfig.Saves(2, 2, false, false));
    }

    private static TrainingConfig resumed(TrainingConfig config) {
        return config.withSaves(new TrainingConfig.Saves(2, 2, true, false));
    }

    private static TrainingResult run(TrainingConfig config, @Nullable Dataset held) {
        return run(config, held, TrainingListener.NONE);
    }

    private static TrainingResult run(
            TrainingConfig config, @Nullable Dataset held, TrainingListener listener) {
        try (BigramModel model = new BigramModel(VOCABULARY)) {
            return new Training(
                            model,
                            new BigramModel.Output(),
                            data(7, "hash"),
                            held,
                            config,
                            listener)
                    .run();
        }
    }

    private byte[] last(String name) throws IOException {
        return Files.readAllBytes(folder.resolve(name).resolve("last/table"));
    }

    /** The log without the fields that measure time and memory. */
    private List<String> log(String name) throws IOException {
        try (Stream<String> lines = Files.lines(folder.resolve(name).resolve("train.jsonl"))) {
            return lines.map(line -> line.replaceAll(",\"tokens_per_second.*}", "}")).toList();
        }
    }

    @ParameterizedTest
    @CsvSource({"2, 3", "3, 2", "6, 1"})
    void theCutIntoMicroBatchesChangesNoBit(int micro, int accumulate) throws IOException {
        run(config("one", batches(1, 6, 9)), data(3, "held"));
        run(config("cut", batches(micro, accumulate, 9)), data(3, "held"));
        assertArrayEquals(last("one"), last("cut"));
        assertEquals(log("one"), log("cut"));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 5, 8})
    void aResumedRunHasTheSameBits(int stop) throws IOException {
        TrainingConfig whole = config("whole", batches(1, 3, 9));
        TrainingConfig parts = config("parts", batches(1, 3, 9));
        run(whole, data(2, "held"));
        TrainingResult first = cancelledAfter(stop, parts);
        assertEquals(TrainingResult.End.CANCELLED, first.end());
        assertEquals(stop, first.steps());
        TrainingResult second = run(resumed(parts), data(2, "held"));
        assertEquals(TrainingResult.End.COMPLETE, second.end());
        assertArrayEquals(last("whole"), last("parts"));
        assertEquals(log("whole"), log("parts"));
        assertArrayEquals(state("whole"), state("parts"));
    }

    private byte[] state(String name) throws IOException {
        byte[] bytes =
                Files.readAllBytes(folder.resolve(name).resolve("state/step-000000009.state"));
        // The header holds the length of the log, which has times in it.
        return Arrays.copyOfRange(
                bytes, bytes.length - 8 - 3 * 4 * VOCABULARY * VOCABULARY, bytes.length - 8);
    }

    private static TrainingResult cancelledAfter(int steps, TrainingConfig config) {
        AtomicReference<Training> training = new AtomicReference<>();
        TrainingListener listener =
                new TrainingListener() {
                    @Override
                    public void stepped(StepRecord step) {
                        if (step.step() == steps) {
                            training.get().cancel();
                        }
                    }
                };
        try (BigramModel model = new BigramModel(VOCABULARY)) {
            training.set(
                    new Training(
                            model,
                            new BigramModel.Output(),
                            data(7, "hash"),
                            data(2, "held"),
                            config,
                            listener));
            return training.get().run();
        }
    }

    @Test
    void otherDataOrSettingsAreRefusedByName() {
        TrainingConfig config = config("out", batches(1, 3, 4));
        run(config, null);
        assertRefused("holds a run", config, null);
        TrainingConfig resumed = resumed(config);
        assertRefused("learning_rate 0.1", resumed.withOptimization(Optimization.of(0.2)), null);
        assertRefused("evaluation_sha256 none", resumed, data(1, "held"));
        assertRefused("sequences_per_step 3", resumed.withBatches(batches(1, 4, 4)), null);
        assertRefused("the run has 4 steps", resumed.withBatches(batches(1, 3, 6)), null);
        TrainingResult extended =
                run(
                        config.withBatches(batches(3, 1, 6))
                                .withSaves(new TrainingConfig.Saves(2, 2, true, true)),
                        null);
        assertEquals(6, extended.steps());
    }

    private static void assertRefused(
            String expected, TrainingConfig config, @Nullable Dataset held) {
        InputException error = assertThrows(InputException.class, () -> run(config, held));
        assertTrue(
                String.valueOf(error.getMessage()).contains(expected),
                String.valueOf(error.getMessage()));
    }

    /** Checkpoints of steps 2 and 4 are kept; the newer one is damaged. */
    @Test
    void aDamagedCheckpointIsPassedOver() throws IOException {
        TrainingConfig config = config("out", batches(1, 3, 4));
        run(config, null);
        run(config("whole", batches(1, 3, 4)), null);
        Path newest = folder.resolve("out/state/step-000000004.state");
        try (RandomAccessFile file = new RandomAccessFile(newest.toFile(), "rw")) {
            file.seek(file.length() / 2);
            int value = file.read();
            file.seek(file.length() / 2);
            file.write(value ^ 1);
        }
        List<String> warnings = new ArrayList<>();
        run(
                resumed(config),
                null,
                new TrainingListener() {
                    @Override
                    public void warned(String message) {
                        warnings.add(message);
                    }
                });
        assertTrue(warnings.toString().contains("CRC32C"), warnings.toString());
        assertArrayEquals(last("whole"), last("out"));
        assertEquals(log("whole"), log("out"));
    }

    @Test
    void aLossThatIsNotFiniteStopsBeforeTheUpdate() throws IOException {
        TrainingConfig config = config("out", batches(1, 3, 9));
        TrainingListener poison =
                new TrainingListener() {
                    @Override
                    public void stepped(StepRecord step) {
                        if (step.step() == 4) {
                            throw new IllegalStateException("reached");
                        }
                    }
                };
        assertThrows(IllegalStateException.class, () -> run(config, null, poison));
        byte[] before = last("out");
        try (BigramModel model = new BigramModel(VOCABULARY)) {
            Training training =
                    new Training(
                            model,
                            new BigramModel.Output(),
                            data(7, "hash"),
                            null,
                            resumed(config),
                            new TrainingListener() {
                                @Override
                                public void stepped(StepRecord step) {
                                    model.tensors().getFirst().master().fill((byte) 0xff); // NaN
                                }
                            });
            DivergenceException error = assertThrows(DivergenceException.class, training::run);
            assertTrue(String.valueOf(error.getMessage()).contains("loss of data:"));
            assertEquals(3, model.updates.getLast().count(), "step 4 has no update");
        }
        assertArrayEquals(before, last("out"));
        assertEquals(List.of("step-000000002.state"), names(folder.resolve("out/state")));
    }

    /** What is held out contradicts the data, so the evaluation gets worse from the beginning. */
    @Test
    void theBestIsKeptAndPatienceEndsTheRun() throws IOException {
        Demonstration contrary =
                new Demonstration("held:1", new int[] {0, 3, 0, 3}, new int[] {1, 4}, true);
        Dataset held = new Dataset(List.of(contrary), List.of(), List.of(), "held");
        TrainingConfig config =
                config("out", batches(1, 7, 40))
                        .withEvaluation(new TrainingConfig.Evaluation(1, 3));
        List<EvaluationRecord> evaluations = new ArrayList<>();
        List<byte[]> bests = new ArrayList<>();
        TrainingResult result =
                run(
                        config,
                        held,
                        new TrainingListener() {
                            @Override
                            public void evaluated(EvaluationRecord evaluation) {
                                evaluations.add(evaluation);
                                bests.add(read(folder.resolve("out/best/table")));
                            }
                        });
        assertEquals(TrainingResult.End.EARLY, result.end());
        EvaluationRecord best = result.best();
        assertNotNull(best);
        double lowest = evaluations.stream().mapToDouble(TrainingTest::loss).min().orElseThrow();
        assertEquals(lowest, loss(best));
        assertEquals(best.step() + 3, result.steps());
        assertArrayEquals(bests.get((int) best.step() - 1), read(folder.resolve("out/best/table")));
        assertFalse(Arrays.equals(last("out"), read(folder.resolve("out/best/table"))));
        assertTrue(
                Files.readString(folder.resolve("out/best/run.json"))
                        .contains("\"step\" : " + best.step()));
    }

    private static double loss(EvaluationRecord evaluation) {
        LabelScore labels = evaluation.labels();
        assertNotNull(labels);
        return labels.loss();
    }

    private static byte[] read(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aFailedSaveDoesNotEndTheRun() throws IOException {
        TrainingConfig config = config("out", batches(1, 3, 4));
        Path state = folder.resolve("out/state");
        List<String> warnings = new ArrayList<>();
        TrainingResult result =
                run(
                        config,
                        null,
                        new TrainingListener() {
                            @Override
                            public void stepped(StepRecord step) {
                                try {
                                    if (step.step() == 2) {
                                        Files.createFile(state); // a file where a folder must be
                                    } else if (step.step() == 4) {
                                        Files.delete(state);
                                    }
                                } catch (IOException e) {
                                    throw new UncheckedIOException(e);
                                }
                            }

                            @Override
                            public void warned(String message) {
                                warnings.add(message);
                            }
                        });
        assertEquals(TrainingResult.End.COMPLETE, result.end());
        assertEquals(1, warnings.size(), warnings.toString());
        assertTrue(warnings.getFirst().startsWith("step 2: a checkpoint could not be written"));
    }

    @Test
    void theFolderHasLogChartsAndRecord() throws IOException {
        run(config("out", batches(1, 3, 6)), data(2, "held"));
        Path out = folder.resolve("out");
        assertEquals(
                List.of("best", "last", "loss.svg", "norm.svg", "run.json", "state", "train.jsonl"),
                names(out));
        assertEquals(List.of("run.json", "table"), names(out.resolve("last")));
        assertEquals(
                List.of("step-000000004.state", "step-000000006.state"),
                names(out.resolve("state")));
        List<String> lines = Files.readAllLines(out.resolve("train.jsonl"));
        assertTrue(
                lines.getFirst()
                        .matches(
                                "\\{\"step\":1,\"epoch\":0.333\\d+,\"loss\":[\\d.]+,\"grad_norm\":[\\d.]+,"
                                    + "\"lr\":0.0,\"tokens\":\\d+,\"label_tokens\":\\d+,"
                                    + "\"tokens_per_second\":[\\d.E]+,\"peak_bytes\":\\d+,"
                                    + "\"eta_seconds\":\\d+}"),
                lines.getFirst());
        assertTrue(lines.getLast().matches("\\{\"step\":6,\"eval_loss\":.*token_accuracy\":.*}"));
        String chart = Files.readString(out.resolve("loss.svg"));
        assertEquals(2, chart.split("<polyline", -1).length - 1);
        assertTrue(
                Files.readString(out.resolve("run.json")).contains("\"data_sha256\" : \"hash\""));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> content = Files.list(folder)) {
            return content.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void dropoutKeysRepeatWithTheStep() {
        List<Long> keys = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            try (BigramModel model = new BigramModel(VOCABULARY)) {
                new Training(
                                model,
                                new BigramModel.Output(),
                                data(7, "hash"),
                                null,
                                config("run" + i, batches(1 + i, 6 / (1 + i), 2)),
                                TrainingListener.NONE)
                        .run();
                List<Long> drawn = model.dropoutKeys;
                keys.add((long) drawn.subList(drawn.size() - 7, drawn.size()).hashCode());
                assertEquals(
                        7,
                        drawn.subList(drawn.size() - 7, drawn.size()).stream().distinct().count());
            }
        }
        assertEquals(keys.get(0), keys.get(1));
    }
}
