package dev.longhand.training.model;

import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.tensor.HostTensor;

import java.util.Arrays;
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
    private final Weights head;

    TrainingHead(TrainingBackend backend, Weights norm, float eps, Weights head) {
        this.backend = backend;
        this.norm = norm;
        this.eps = eps;
        this.head = head;
    }

    /** Some rows of a sequence and their labels. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Chunk(int[] rows, int[] labels, double[] losses, int[] best) {}

    private static Chunk chunk(TrainingSequence sequence, int[] labelled, int first) {
        int end = Math.min(first + SequenceMemory.HEAD_ROWS, labelled.length);
        int[] rows = Arrays.copyOfRange(labelled, first, end);
        int[] labels = IntStream.of(rows).map(row -> sequence.labels()[row + 1]).toArray();
        return new Chunk(rows, labels, new double[rows.length], new int[rows.length]);
    }

    private static int[] labelled(TrainingSequence sequence) {
        return IntStream.range(0, sequence.ids().length - 1)
                .filter(row -> sequence.labels()[row + 1] != TrainingSequence.NO_LABEL)
                .toArray();
    }

    /** Computes the logits of a chunk; returns its rows of x. */
    private HostTensor logits(SequencePass pass, HostTensor x, Chunk chunk) {
        int count = chunk.rows.length;
        HostTensor gathered = pass.memory().headRows(0, count);
        for (int i = 0; i < count; i++) {
            RowView.copy(RowView.of(x, chunk.rows[i], 1), RowView.of(gathered, i, 1));
        }
        HostTensor normed = pass.memory().headRows(1, count);
        backend.rmsNorm(gathered, norm.values(), eps, normed);
        backend.linear(normed, head.values(), null, 1, pass.memory().logits(count), false);
        return gathered;
    }

    /**
     * Computes the weighted loss, the gradient of x, and adds those of norm and head if they are in
     * training.
     *
     * @param dx set to the gradient of x
     */
    double differentiate(
            SequencePass pass, TrainingSequence sequence, HostTensor x, HostTensor dx) {
        int[] labelled = labelled(sequence);
        double sum = 0;
        dx.data().fill((byte) 0);
        for (int first = 0; first < labelled.length; first += SequenceMemory.HEAD_ROWS) {
            Chunk chunk = chunk(sequence, labelled, first);
            int count = chunk.rows.length;
            HostTensor gathered = logits(pass, x, chunk);
            HostTensor logits = pass.memory().logits(count);
            HostTensor normed = pass.memory().headRows(1, count);
            HostTensor dnormed = pass.memory().headRows(2, count);
            HostTensor dgathered = pass.memory().headRows(3, count);
            backend.crossEntropy(
                    logits, chunk.labels, sequence.labelWeight(), chunk.losses, chunk.best);
            backend.linearBackwardInput(logits, head.values(), 1, dnormed, false);
            HostTensor dhead = head.gradient();
            if (dhead != null) {
                backend.linearBackwardWeight(logits, normed, dhead);
            }
            dgathered.data().fill((byte) 0);
            backend.rmsNormBackward(
                    gathered, norm.values(), eps, dnormed, dgathered, norm.gradient());
            for (int i = 0; i < count; i++) {
                RowView.copy(RowView.of(dgathered, i, 1), RowView.of(dx, chunk.rows[i], 1));
                sum += sequence.labelWeight() * chunk.losses[i];
            }
        }
        return sum;
    }

    /** Computes loss and accuracy. */
    TrainableModel.Evaluation evaluate(SequencePass pass, TrainingSequence sequence, HostTensor x) {
        int[] labelled = labelled(sequence);
        double sum = 0;
        int correct = 0;
        for (int first = 0; first < labelled.length; first += SequenceMemory.HEAD_ROWS) {
            Chunk chunk = chunk(sequence, labelled, first);
            logits(pass, x, chunk);
            HostTensor logits = pass.memory().logits(chunk.rows.length);
            backend.crossEntropy(logits, chunk.labels, 0, chunk.losses, chunk.best);
            for (int i = 0; i < chunk.rows.length; i++) {
                sum += chunk.losses[i];
                correct += chunk.best[i] == chunk.labels[i] ? 1 : 0;
            }
        }
        return new TrainableModel.Evaluation(labelled.length, sum, correct);
    }
}
