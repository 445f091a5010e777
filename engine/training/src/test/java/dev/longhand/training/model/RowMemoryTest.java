package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.training.AdapterInitializer;

import org.junit.jupiter.api.Test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/** Sequences do not see each other, and no tensor has logits of all tokens. */
class RowMemoryTest {
    private static final Path BASE = Goldens.checkpoint("dim64-group5");

    private static TrainableDecoder open(UnaryOperator<TrainingBackend> backend) {
        DecoderOptions options =
                new DecoderOptions(LoraSettings.ofRank(4), null, Device.CPU, 2, true);
        TrainableDecoder model = TrainableDecoder.open(BASE, options, backend);
        AdapterInitializer.random(model, 3);
        return model;
    }

    private static TrainingSequence sequence(int length, long seed) {
        int[] ids = new Random(seed).ints(length, 0, 200).toArray();
        return new TrainingSequence(ids, ids, 1.0 / (3 * (length - 1)), seed);
    }

    @Test
    void aBatchIsTheSumOfItsSequences() {
        List<TrainingSequence> batch = List.of(sequence(30, 1), sequence(7, 2), sequence(90, 3));
        try (TrainableDecoder model = open(UnaryOperator.identity())) {
            model.clearGradients();
            double[] together = model.addGradients(batch);
            double squares = model.gradientSquares();
            for (int i = batch.size() - 1; i >= 0; i--) {
                model.clearGradients();
                assertEquals(together[i], model.addGradients(List.of(batch.get(i)))[0]);
            }
            model.clearGradients();
            batch.forEach(each -> model.addGradients(List.of(each)));
            assertEquals(squares, model.gradientSquares());
        }
    }

    @Test
    void logitsExistForFewRowsAtATime() {
        List<Long> rows = new ArrayList<>();
        UnaryOperator<TrainingBackend> recorded =
                backend ->
                        TrainingFaults.changed(
                                backend,
                                "crossEntropy",
                                args -> rows.add(((HostTensor) args[0]).shape().rows()));
        TrainingSequence sequence = sequence(400, 4);
        assertTrue(SequenceMemory.HEAD_ROWS < 399);
        List<Long> expected =
                List.of((long) SequenceMemory.HEAD_ROWS, 399L - SequenceMemory.HEAD_ROWS);
        try (TrainableDecoder model = open(recorded)) {
            model.evaluate(sequence);
            assertEquals(expected, rows);
            rows.clear();
            model.addGradients(List.of(sequence));
            assertEquals(expected, rows);
        }
    }
}
