package dev.longhand.kernels.backend;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * The ops of training: forward passes that keep the values that backward passes need, backward
 * passes, and the optimizer. A door of its own beside {@link ComputeBackend}: inference has no
 * access to it. Used by one thread at a time.
 *
 * <p>Activations and gradients are F32 tensors of the rows of one sequence, [rows, width] and
 * contiguous, in memory of an {@link #arena}. Weights have any dtype of weights and lie there too,
 * or in host memory, which then is not written while the backend is open. Every op checks shapes
 * and throws {@link IllegalArgumentException}. An output depends on the arguments alone: sums over
 * rows have one order whatever the number of threads, and rows of the other ops are independent.
 */
public interface TrainingBackend extends AutoCloseable {
    /**
     * Returns the host memory in which weights are placed and quantised; closed with this backend.
     */
    BackendMemory memory();

    /** Opens memory for activations, gradients and trained weights. */
    TensorArena arena();

    /**
     * Announces the frozen weights that will be read next, all of one layer. A backend that does
     * not hold all layers brings them while it computes, in the place of the layer before last.
     */
    void stage(List<? extends Tensor> weights);

    /** Copies host memory to a tensor of the same dtype and shape. */
    void write(HostTensor from, Tensor to);

    /** Copies a tensor to host memory of the same dtype and shape. */
    void read(Tensor from, HostTensor to);

    /** Copies one tensor to another of the same dtype and shape. */
    void copy(Tensor from, Tensor to);

    /** Sets all elements to zero. */
    void clear(Tensor tensor);

    /** Returns the backend in words, for logs. */
    String description();

    /**
     * out (+)= scale x W' + bias. See {@code matmul.LinearGradient}.
     *
     * @param accumulate whether to add to the values of out
     */
    void linear(
            Tensor x,
            Tensor weights,
            @Nullable Tensor bias,
            double scale,
            Tensor out,
            boolean accumulate);

    /** dx (+)= scale dout W. */
    void linearBackwardInput(
            Tensor dout, Tensor weights, double scale, Tensor dx, boolean accumulate);

    /** dweights += dout' x, in F32. */
    void linearBackwardWeight(Tensor dout, Tensor x, Tensor dweights);

    /** dbias += the sum of the rows of dout. */
    void biasBackward(Tensor dout, Tensor dbias);

    /** out[r, :] = scale table[ids[r], :]. */
    void embed(Tensor table, int[] ids, float scale, Tensor out);

    /** dtable[ids[r], :] += scale dout[r, :]. See {@code embedding.EmbeddingGradient}. */
    void embedBackward(Tensor dout, int[] ids, float scale, Tensor dtable);

    /** out (+)= RMSNorm(x). See {@code norm.RmsNorm}. */
    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, boolean accumulate);

    /** Adds the gradients of RMSNorm. See {@code norm.RmsNormGradient}. */
    void rmsNormBackward(
            Tensor x, Tensor weight, float eps, Tensor dout, Tensor dx, @Nullable Tensor dweight);

    /**
     * Rotates every head of x in place, row r as position r. See {@code rope.Rotation}.
     *
     * @param table [positions, headDim] of {@code rope.RopeTable}
     * @param back whether to rotate back: the backward pass
     */
    void rotate(Tensor x, Tensor table, boolean back);

    /** Attention of one sequence; sets out and lse [positions, heads]. */
    void attention(CausalAttention shape, Tensor q, Tensor k, Tensor v, Tensor out, Tensor lse);

    /** Sets the gradients of attention, given out and lse of the forward pass. */
    void attentionBackward(
            CausalAttention shape,
            Tensor q,
            Tensor k,
            Tensor v,
            Tensor out,
            Tensor lse,
            Tensor dout,
            Tensor dq,
            Tensor dk,
            Tensor dv);

    /** out = activation(gate) up. See {@code activation.SwiGluGradient}. */
    void swiGlu(Tensor gate, Tensor up, Activation activation, Tensor out);

    /** Replaces gate and up by their gradients, and dout by activation(gate) up. */
    void swiGluBackward(Tensor gate, Tensor up, Activation activation, Tensor dout);

    /**
     * out (+)= the elements of x kept by the mask of a key, divided by keep. See {@code
     * lora.Dropout}.
     *
     * @param firstRow row of the sequence that x begins with
     */
    void dropout(Tensor x, int firstRow, long key, double keep, Tensor out, boolean accumulate);

    /**
     * Cross entropy of rows of logits. See {@code loss.CrossEntropy}.
     *
     * @param cap soft cap of the logits; 0 without one
     * @param weight if above 0, the logits become the gradient of weight times loss; otherwise they
     *     are undefined
     * @param losses receives the loss of each row, unweighted
     * @param best receives the index of each row's largest logit
     */
    void crossEntropy(
            Tensor logits, int[] labels, double cap, double weight, double[] losses, int[] best);

    /** Returns the sum of the squares of all elements, in double. */
    double sumOfSquares(Tensor values);

    /**
     * Updates a tensor and its moments, all F32 of one shape.
     *
     * @param copy receives the updated values in BF16; or null
     */
    void update(
            AdamW step,
            Tensor master,
            Tensor gradient,
            Tensor firstMoment,
            Tensor secondMoment,
            @Nullable Tensor copy);

    /** copy = values rounded to BF16. */
    void round(Tensor values, Tensor copy);

    /** Ends the threads and frees placed weights; idempotent. */
    @Override
    void close();
}
