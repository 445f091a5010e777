package dev.longhand.training.model;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.Tensor;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The final norm, the head and the loss. Only rows that predict a label meet the head, {@link
 * SequenceMemory#HEAD_ROWS} at a time: their logits become their gradients in place and are gone
 * before the next rows.
 */
final class TrainingHead {
    private final TrainingBackend backend;
    private final Weights norm;
    private final float eps;
    private final float cap;
    private final Weights head;

    TrainingHead(TrainingBackend backend, ModelConfig model, Weights norm, Weights head) {
        this.backend = backend;
        this.norm = norm;
        eps = model.rmsNormEps();
        cap = model.traits().scales().logitCap();
        this.head = head;
    }

    /** Some rows of a sequence and the tokens that they predict. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Chunk(int[] rows, int[] labels, double[] losses, int[] best) {}

    private static List<Chunk> chunks(TrainingSequence sequence, boolean labelled) {
        int[] all =
                IntStream.range(0, sequence.ids().length - 1)
                        .filter(row -> labelled == isLabelled(sequence, row))
                        .toArray();
        List<Chunk> chunks = new ArrayList<>();
        for (int first = 0; first < all.length; first += SequenceMemory.HEAD_ROWS) {
            int end = Math.min(first + SequenceMemory.HEAD_ROWS, all.length);
            int[] rows = Arrays.copyOfRange(all, first, end);
            int[] labels =
                    IntStream.of(rows)
                            .map(row -> (labelled ? sequence.labels() : sequence.ids())[row + 1])
                            .toArray();
            chunks.add(new Chunk(rows, labels, new double[rows.length], new int[rows.length]));
        }
        return chunks;
    }

    private static boolean isLabelled(TrainingSequence sequence, int row) {
        return sequence.labels()[row + 1] != TrainingSequence.NO_LABEL;
    }

    /** Computes the logits of a chunk; returns its rows of x. */
    private Tensor logits(SequencePass pass, Tensor x, Chunk chunk) {
        int count = chunk.rows.length;
        Tensor gathered = pass.memory().headRows(0, count);
        backend.embed(x, chunk.rows, 1, gathered);
        Tensor normed = pass.memory().headRows(1, count);
        backend.rmsNorm(gathered, norm.values(), eps, normed, false);
        backend.linear(normed, head.values(), null, 1, pass.memory().logits(count), false);
        return gathered;
    }

    /**
     * Computes the weighted loss, the gradient of x, and adds those of norm and head if they are in
     * training.
     *
     * @param dx set to the gradient of x
     */
    double differentiate(SequencePass pass, TrainingSequence sequence, Tensor x, Tensor dx) {
        backend.clear(dx);
        double sum = 0;
        for (Chunk chunk : chunks(sequence, true)) {
            sum += differentiate(pass, chunk, sequence.labelWeight(), x, dx);
        }
        if (sequence.promptWeight() > 0) {
            for (Chunk chunk : chunks(sequence, false)) {
                sum += differentiate(pass, chunk, sequence.promptWeight(), x, dx);
            }
        }
        return sum;
    }

    private double differentiate(
            SequencePass pass, Chunk chunk, double weight, Tensor x, Tensor dx) {
        double sum = 0;
        int count = chunk.rows.length;
        Tensor gathered = logits(pass, x, chunk);
        Tensor logits = pass.memory().logits(count);
        Tensor normed = pass.memory().headRows(1, count);
        Tensor dnormed = pass.memory().headRows(2, count);
        Tensor dgathered = pass.memory().headRows(3, count);
        backend.crossEntropy(logits, chunk.labels, cap, weight, chunk.losses, chunk.best);
        backend.linearBackwardInput(logits, head.values(), 1, dnormed, false);
        Tensor dhead = head.gradient();
        if (dhead != null) {
            backend.linearBackwardWeight(logits, normed, dhead);
        }
        backend.clear(dgathered);
        backend.rmsNormBackward(gathered, norm.values(), eps, dnormed, dgathered, norm.gradient());
        backend.embedBackward(dgathered, chunk.rows, 1, dx);
        for (int i = 0; i < count; i++) {
            sum += weight * chunk.losses[i];
        }
        return sum;
    }

    /** Computes loss and accuracy over the labels. */
    TrainableModel.Evaluation evaluate(SequencePass pass, TrainingSequence sequence, Tensor x) {
        int labels = 0;
        double sum = 0;
        int correct = 0;
        for (Chunk chunk : chunks(sequence, true)) {
            labels += chunk.rows.length;
            logits(pass, x, chunk);
            Tensor logits = pass.memory().logits(chunk.rows.length);
            backend.crossEntropy(logits, chunk.labels, cap, 0, chunk.losses, chunk.best);
            for (int i = 0; i < chunk.rows.length; i++) {
                sum += chunk.losses[i];
                correct += chunk.best[i] == chunk.labels[i] ? 1 : 0;
            }
        }
        return new TrainableModel.Evaluation(labels, sum, correct);
    }
}
