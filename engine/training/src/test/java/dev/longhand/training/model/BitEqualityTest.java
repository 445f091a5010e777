package dev.longhand.training.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.training.AdapterInitializer;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;

/**
 * Losses, gradients and updated tensors have the same bits for any number of threads, any cut of a
 * step into micro-batches, and with or without recomputation.
 */
class BitEqualityTest {
    private static final LoraSettings LORA =
            new LoraSettings(8, 16, false, EnumSet.allOf(Projection.class), 0.1);

    /** Six sequences, one longer than a block of attention. */
    private static List<TrainingSequence> sequences() {
        Random random = new Random(4);
        List<TrainingSequence> sequences = new ArrayList<>();
        for (int length : new int[] {2, 40, 7, 130, 33, 21}) {
            int[] ids = random.ints(length, 0, 200).toArray();
            sequences.add(new TrainingSequence(ids, ids, 1.0 / (6 * (length - 1)), length));
        }
        return sequences;
    }

    private static float[] step(
            TrainingMethod method,
            @Nullable DType weights,
            int threads,
            boolean recompute,
            int microBatch) {
        DecoderOptions options = new DecoderOptions(method, weights, threads, recompute);
        try (TrainableDecoder model =
                TrainableDecoder.open(Goldens.checkpoint("dim64-group5"), options)) {
            if (method instanceof LoraSettings) {
                AdapterInitializer.random(model, 3);
            }
            List<TrainingSequence> sequences = sequences();
            List<Float> bits = new ArrayList<>();
            for (int round = 1; round <= 2; round++) {
                model.clearGradients();
                for (int first = 0; first < sequences.size(); first += microBatch) {
                    List<TrainingSequence> batch = sequences.subList(first, first + microBatch);
                    for (double loss : model.addGradients(batch)) {
                        bits.add((float) loss);
                    }
                }
                double norm = Math.sqrt(model.gradientSquares());
                bits.add((float) norm);
                model.update(new AdamWStep(round, 1e-3, 1e-3, 1 / norm, 0.9, 0.999, 1e-8, 0));
            }
            for (TrainedTensor tensor : model.tensors()) {
                for (float value : tensor.master().toArray(ValueLayout.JAVA_FLOAT)) {
                    bits.add(value);
                }
            }
            float[] all = new float[bits.size()];
            for (int i = 0; i < all.length; i++) {
                all[i] = bits.get(i);
            }
            return all;
        }
    }

    @ParameterizedTest(name = "{0} threads, micro-batches of {1}, recompute {2}")
    @CsvSource({"1, 1, true", "2, 2, false", "7, 3, true", "2, 6, true", "1, 6, false"})
    void adapters(int threads, int microBatch, boolean recompute) {
        assertArrayEquals(
                step(LORA, null, 2, true, 1), step(LORA, null, threads, recompute, microBatch));
    }

    @ParameterizedTest(name = "{0} threads, micro-batches of {1}, recompute {2}")
    @CsvSource({"1, 2, true", "7, 6, false"})
    void allWeights(int threads, int microBatch, boolean recompute) {
        FullSettings bf16 = new FullSettings(true);
        assertArrayEquals(
                step(bf16, null, 2, true, 1), step(bf16, null, threads, recompute, microBatch));
    }

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"INT8", "INT4"})
    void quantisedBases(DType dtype) {
        assertArrayEquals(step(LORA, dtype, 1, true, 3), step(LORA, dtype, 2, false, 6));
    }

    /** The loss of several sequences is that of each alone; evaluation sees the same model. */
    @Test
    void evaluationAgreesWithTheLoss() {
        LoraSettings settings = new LoraSettings(8, 16, false, LORA.targets(), 0);
        DecoderOptions options = new DecoderOptions(settings, null, 2, true);
        try (TrainableDecoder model =
                TrainableDecoder.open(Goldens.checkpoint("dim64-group5"), options)) {
            AdapterInitializer.random(model, 3);
            for (TrainingSequence sequence : sequences()) {
                TrainableModel.Evaluation evaluation = model.evaluate(sequence);
                double loss = model.addGradients(List.of(sequence))[0];
                assertEquals(sequence.ids().length - 1, evaluation.labels());
                assertEquals(loss, evaluation.lossSum() * sequence.labelWeight(), 1e-12);
            }
        }
    }
}
