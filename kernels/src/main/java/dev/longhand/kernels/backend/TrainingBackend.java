package dev.longhand.kernels.backend;

import dev.longhand.kernels.attention.CausalAttention;
import dev.longhand.kernels.optimizer.AdamW;
import dev.longhand.kernels.tensor.HostTensor;

import org.jspecify.annotations.Nullable;

/**
 * The ops of training: forward passes that keep the values that backward passes need, backward
 * passes, and the optimizer. A door of its own beside {@link ComputeBackend}: inference has no
 * access to it. Used by one thread at a time.
 *
 * <p>Activations and gradients are F32 tensors of the rows of one sequence, [rows, width] and
 * contiguous; weights have any dtype of weights. Every op checks shapes and throws {@link
 * IllegalArgumentException}. An output depends on the arguments alone: sums over rows have one
 * order whatever the number of threads, and rows of the other ops are independent.
 */
public interface TrainingBackend extends AutoCloseable {
    /** Returns the memory in which weights are placed and quantised; closed with this backend. */
    BackendMemory memory();

    /** Returns the backend in words, for logs. */
    String description();

    /**
     * out (+)= scale x W' + bias. See {@code matmul.LinearGradient}.
     *
     * @param accumulate whether to add to the values of out
     */
    void linear(
            HostTensor x,
            HostTensor weights,
            @Nullable HostTensor bias,
            double scale,
            HostTensor out,
            boolean accumulate);

    /** dx (+)= scale dout W. */
    void linearBackwardInput(
            HostTensor dout, HostTensor weights, double scale, HostTensor dx, boolean accumulate);

    /** dweights += dout' x, in F32. */
    void linearBackwardWeight(HostTensor dout, HostTensor x, HostTensor dweights);

    /** dbias += the sum of the rows of dout. */
    void biasBackward(HostTensor dout, HostTensor dbias);

    /** out[r, :] = table[ids[r], :]. */
    void embed(HostTensor table, int[] ids, HostTensor out);

    /** dtable[ids[r], :] += dout[r, :]. See {@code embedding.EmbeddingGradient}. */
    void embedBackward(HostTensor dout, int[] ids, HostTensor dtable);

    /** out = RMSNorm(x). See {@code norm.RmsNorm}. */
    void rmsNorm(HostTensor x, HostTensor weight, float eps, HostTensor out);

    /** Adds the gradients of RMSNorm. See {@code norm.RmsNormGradient}. */
    void rmsNormBackward(
            HostTensor x,
            HostTensor weight,
            float eps,
            HostTensor dout,
            HostTensor dx,
            @Nullable HostTensor dweight);

    /**
     * Rotates every head of x in place, row r as position r. See {@code rope.Rotation}.
     *
     * @param table [positions, headDim] of {@code rope.RopeTable}
     * @param back whether to rotate back: the backward pass
     */
    void rotate(HostTensor x, HostTensor table, boolean back);

    /** Attention of one sequence; sets out and lse [positions, heads]. */
    void attention(
            CausalAttention shape,
            HostTensor q,
            HostTensor k,
            HostTensor v,
            HostTensor out,
            HostTensor lse);

    /** Sets the gradients of attention, given out and lse of the forward pass. */
    void attentionBackward(
            CausalAttention shape,
            HostTensor q,
            HostTensor k,
            HostTensor v,
            HostTensor out,
            HostTensor lse,
            HostTensor dout,
            HostTensor dq,
            HostTensor dk,
            HostTensor dv);

    /** out = silu(gate) up. See {@code activation.SwiGluGradient}. */
    void swiGlu(HostTensor gate, HostTensor up, HostTensor out);

    /** Replaces gate and up by their gradients, and dout by silu(gate) up. */
    void swiGluBackward(HostTensor gate, HostTensor up, HostTensor dout);

    /**
     * out (+)= the elements of x kept by the mask of a key, divided by keep. See {@code
     * lora.Dropout}.
     *
     * @param firstRow row of the sequence that x begins with
     */
    void dropout(
            HostTensor x, int firstRow, long key, double keep, HostTensor out, boolean accumulate);

    /**
     * Cross entropy of rows of logits. See {@code loss.CrossEntropy}.
     *
     * @param weight if above 0, the logits become the gradient of weight times loss
     * @param losses receives the loss of each row, unweighted
     * @param best receives the index of each row's largest logit
     */
    void crossEntropy(HostTensor logits, int[] labels, double weight, double[] losses, int[] best);

    /** Returns the sum of the squares of all elements, in double. */
    double sumOfSquares(HostTensor values);

    /**
     * Updates a tensor and its moments, all F32 of one shape.
     *
     * @param copy receives the updated values in BF16; or null
     */
    void update(
            AdamW step,
            HostTensor master,
            HostTensor gradient,
            HostTensor firstMoment,
            HostTensor secondMoment,
            @Nullable HostTensor copy);

    /** copy = values rounded to BF16. */
    void round(HostTensor values, HostTensor copy);

    /** Ends the threads and frees placed weights; idempotent. */
    @Override
    void close();
}
