package dev.longhand.training.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.LockFile;
import dev.longhand.training.data.Dataset;
import dev.longhand.training.data.Demonstration;
import dev.longhand.training.model.AdamWStep;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;
import dev.longhand.training.model.TrainingSequence;
import dev.longhand.training.output.ModelOutput;

import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Memory, gradients and disks that fail are named, and nothing that was saved is lost. */
class TrainingFailureTest {
    private static final int VOCABULARY = 8;

    @TempDir private Path folder;

    private static Dataset data(int... lengths) {
        List<Demonstration> demonstrations =
                Arrays.stream(lengths)
                        .mapToObj(
                                length ->
                                        new Demonstration(
                                                "data:" + length,
                                                new int[length],
                                                new int[] {1, length},
                                                true))
                        .toList();
        return new Dataset(demonstrations, List.of(), List.of(), "hash");
    }

    private TrainingConfig config() {
        return TrainingConfig.of(folder.resolve("out"), 0.1)
                .withBatches(
                        new Batches(1, 2, 2, null, Batches.Normalisation.TOKEN, 0, true, 1, true));
    }

    private static Training training(
            TrainableModel model, TrainingConfig config, @Nullable Dataset held, ModelOutput out) {
        return new Training(model, out, data(3, 9, 4), held, config, TrainingListener.NONE);
    }

    /** A bigram model some of whose methods fail. */
    private static class Failing implements TrainableModel {
        final BigramModel model = new BigramModel(VOCABULARY);

        @Override
        public List<TrainedTensor> tensors() {
            return model.tensors();
        }

        @Override
        public void clearGradients() {
            model.clearGradients();
        }

        @Override
        public double[] addGradients(List<TrainingSequence> microBatch) {
            return model.addGradients(microBatch);
        }

        @Override
        public Evaluation evaluate(TrainingSequence sequence) {
            return model.evaluate(sequence);
        }

        @Override
        public double gradientSquares() {
            return model.gradientSquares();
        }

        @Override
        public void update(AdamWStep step) {
            model.update(step);
        }

        @Override
        public void publishMasters() {
            model.publishMasters();
        }

        @Override
        public void close() {
            model.close();
        }
    }

    /** The longest demonstration fails before the first step, by name. */
    @Test
    void memoryFailsBeforeTheFirstStep() {
        Failing model =
                new Failing() {
                    @Override
                    public double[] addGradients(List<TrainingSequence> microBatch) {
                        if (microBatch.getFirst().ids().length > 8) {
                            throw new OutOfMemoryError("no native memory");
                        }
                        return super.addGradients(microBatch);
                    }
                };
        try (model) {
            InputException error =
                    assertThrows(
                            InputException.class,
                            training(model, config(), null, new BigramModel.Output())::run);
            String message = String.valueOf(error.getMessage());
            assertTrue(message.contains("no native memory"), message);
            assertTrue(message.contains("data:9 with 9 tokens"), message);
            assertEquals(0, model.model.updates.size());
        }
    }

    @Test
    void aGradientThatIsNotFiniteNamesItsTensor() {
        Failing model =
                new Failing() {
                    @Override
                    public double[] addGradients(List<TrainingSequence> microBatch) {
                        double[] losses = super.addGradients(microBatch);
                        tensors()
                                .getFirst()
                                .gradient()
                                .setAtIndex(ValueLayout.JAVA_FLOAT, 5, Float.POSITIVE_INFINITY);
                        return losses;
                    }
                };
        try (model) {
            DivergenceException error =
                    assertThrows(
                            DivergenceException.class,
                            training(model, config(), null, new BigramModel.Output())::run);
            String message = String.valueOf(error.getMessage());
            assertTrue(
                    message.startsWith("step 1: the norm of the gradients is Infinity"), message);
            assertTrue(message.contains("first in table"), message);
            assertEquals(0, model.model.updates.size());
        }
    }

    /** An evaluation that is not finite is never the best, even where it is the first. */
    @Test
    void notANumberIsNeverBest() {
        Failing model =
                new Failing() {
                    @Override
                    public Evaluation evaluate(TrainingSequence sequence) {
                        Evaluation good = super.evaluate(sequence);
                        return model.updates.size() == 2
                                ? good
                                : new Evaluation(good.labels(), Double.NaN, 0);
                    }
                };
        try (model) {
            TrainingConfig config = config().withEvaluation(new TrainingConfig.Evaluation(1, 0));
            EvaluationRecord best =
                    training(model, config, data(5), new BigramModel.Output()).run().best();
            assertNotNull(best);
            assertEquals(2, best.step());
        }
    }

    /** A disk that cannot hold the checkpoints is refused before the first step, with numbers. */
    @Test
    void aSmallDiskIsRefusedAtTheBeginning() {
        ModelOutput huge =
                new ModelOutput() {
                    @Override
                    public void write(Path out, TrainableModel model) {
                        throw new AssertionError("written");
                    }

                    @Override
                    public long bytes(TrainableModel model) {
                        return Long.MAX_VALUE / 8;
                    }
                };
        try (BigramModel model = new BigramModel(VOCABULARY)) {
            InputException error =
                    assertThrows(InputException.class, training(model, config(), null, huge)::run);
            assertTrue(String.valueOf(error.getMessage()).contains("bytes are free"));
            assertEquals(0, model.updates.size());
        }
    }

    @Test
    void twoRunsOfOneFolderAreRefused() {
        try (BigramModel model = new BigramModel(VOCABULARY);
                LockFile _ = LockFile.of(folder.resolve("out"))) {
            InputException error =
                    assertThrows(
                            InputException.class,
                            training(model, config(), null, new BigramModel.Output())::run);
            assertTrue(String.valueOf(error.getMessage()).contains("another run is writing it"));
            assertFalse(Files.exists(folder.resolve("out/train.jsonl")));
        }
    }

    @Test
    void stepsAreEventsOfTheFlightRecorder() throws Exception {
        Path file = folder.resolve("run.jfr");
        try (Recording recording = new Recording();
                BigramModel model = new BigramModel(VOCABULARY)) {
            recording.enable("dev.longhand.TrainingStep");
            recording.enable("dev.longhand.TrainingEvaluation");
            recording.start();
            training(model, config(), data(5), new BigramModel.Output()).run();
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        List<Long> steps =
                events.stream()
                        .filter(each -> each.getEventType().getName().endsWith("TrainingStep"))
                        .map(each -> each.getLong("step"))
                        .toList();
        assertEquals(List.of(1L, 2L, 3L, 4L), steps);
        assertEquals(
                2,
                events.stream()
                        .filter(each -> each.getEventType().getName().endsWith("Evaluation"))
                        .count());
    }
}
