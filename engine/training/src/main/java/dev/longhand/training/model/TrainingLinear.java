package dev.longhand.training.model;

import dev.longhand.kernels.backend.TrainingBackend;
import dev.longhand.kernels.lora.Dropout;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/**
 * One linear layer in training: out = x W' + bias, plus s B A d(x) if an adapter is trained, where
 * d is dropout. Its shrunk input t = s A d(x) is kept for the gradient of B.
 */
final class TrainingLinear {
    /**
     * The change that is trained.
     *
     * @param a [rank, inputs]
     * @param b [outputs, rank]
     * @param scale s
     * @param keep probability that dropout keeps an input
     * @param module number of the module in the model, which tells its masks from others
     */
    record Lora(TrainedValues a, TrainedValues b, double scale, double keep, long module) {
        private boolean drops() {
            return keep < 1;
        }

        private long maskKey(long sequenceKey) {
            return Dropout.mix(sequenceKey ^ Dropout.mix(module + 1));
        }
    }

    /**
     * The rows of a call.
     *
     * @param first their first row in the sequence
     * @param dropoutKey the sequence's key of dropout masks; empty in evaluation: no dropout
     */
    record RowRange(int first, @Nullable Long dropoutKey) {}

    private final TrainingBackend backend;
    private final Weights weights;
    private final @Nullable Weights bias;
    private final @Nullable Lora lora;

    TrainingLinear(
            TrainingBackend backend, Weights weights, @Nullable Weights bias, @Nullable Lora lora) {
        this.backend = backend;
        this.weights = weights;
        this.bias = bias;
        this.lora = lora;
    }

    /** Returns the weights unless they are trained. */
    @Nullable Tensor frozen() {
        return weights.frozen();
    }

    /**
     * Computes out, or adds to it.
     *
     * @param shrunk receives t [rows, rank]; unused without an adapter
     */
    void forward(Tensor x, Tensor out, boolean accumulate, @Nullable Shrunk shrunk, RowRange rows) {
        Tensor biases = bias == null ? null : bias.values();
        backend.linear(x, weights.values(), biases, 1, out, accumulate);
        if (lora != null && shrunk != null) {
            shrink(x, shrunk, rows);
            backend.linear(shrunk.t(x.shape().rows()), lora.b.published(), null, 1, out, true);
        }
    }

    /** Computes t alone. */
    void shrink(Tensor x, @Nullable Shrunk shrunk, RowRange rows) {
        if (lora != null && shrunk != null) {
            Tensor t = shrunk.t(x.shape().rows());
            Tensor input = dropped(lora, x, shrunk, rows);
            backend.linear(input, lora.a.published(), null, lora.scale, t, false);
        }
    }

    private Tensor dropped(Lora change, Tensor x, Shrunk shrunk, RowRange rows) {
        if (rows.dropoutKey() == null || !change.drops()) {
            return x;
        }
        Tensor kept = shrunk.scratch(x.shape());
        long key = change.maskKey(rows.dropoutKey());
        backend.dropout(x, rows.first(), key, change.keep, kept, false);
        return kept;
    }

    /**
     * Adds the gradients of the trained tensors, and computes that of x.
     *
     * @param shrunk holds t of the forward pass
     * @param dx receives the gradient of x, or null if nobody needs it
     * @param accumulate whether to add to dx
     */
    void backward(
            Tensor x,
            Tensor dout,
            @Nullable Tensor dx,
            boolean accumulate,
            @Nullable Shrunk shrunk,
            RowRange rows) {
        if (dx != null) {
            backend.linearBackwardInput(dout, weights.values(), 1, dx, accumulate);
        }
        Tensor dweights = weights.gradient();
        if (dweights != null) {
            backend.linearBackwardWeight(dout, x, dweights);
        }
        Tensor dbias = bias == null ? null : bias.gradient();
        if (dbias != null) {
            backend.biasBackward(dout, dbias);
        }
        if (lora != null && shrunk != null) {
            backwardLora(lora, x, dout, dx, shrunk, rows);
        }
    }

    private void backwardLora(
            Lora change, Tensor x, Tensor dout, @Nullable Tensor dx, Shrunk shrunk, RowRange rows) {
        backend.linearBackwardWeight(dout, shrunk.t(x.shape().rows()), change.b.gradient());
        Tensor dt = shrunk.gradient(x.shape().rows());
        backend.linearBackwardInput(dout, change.b.published(), change.scale, dt, false);
        Tensor input = dropped(change, x, shrunk, rows);
        backend.linearBackwardWeight(dt, input, change.a.gradient());
        if (dx == null) {
            return;
        }
        if (rows.dropoutKey() == null || !change.drops()) {
            backend.linearBackwardInput(dt, change.a.published(), 1, dx, true);
            return;
        }
        backend.linearBackwardInput(dt, change.a.published(), 1, input, false);
        long key = change.maskKey(rows.dropoutKey());
        backend.dropout(input, rows.first(), key, change.keep, dx, true);
    }
}
