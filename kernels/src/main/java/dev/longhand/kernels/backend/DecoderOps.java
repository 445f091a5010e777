package dev.longhand.kernels.backend;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/**
 * The ops of a decoder step. Activations are F32 and row-major; {@code rows} counts the leading
 * rows in use.
 *
 * <p>Every op checks shapes and dtypes and throws {@link IllegalArgumentException}, also for an
 * object of another backend; ids and positions are checked where requests enter the engine. Results
 * are batch invariant: the bits of a row depend on its own sequence and adapter only, not on the
 * other rows, on how a prompt is cut into steps, or on the number of threads.
 *
 * @see ComputeBackend
 */
public interface DecoderOps {
    /** out[r, :] = scale table[token(r), :]; table [vocabulary, width], out [rows, width]. */
    void embed(Tensor table, float scale, StepBatch batch, Tensor out);

    /**
     * out (+)= RMSNorm(x); x, out [rows, width]. See {@code norm.RmsNorm}.
     *
     * @param accumulate whether to add to the values of out
     */
    void rmsNorm(Tensor x, Norm norm, Tensor out, int rows, boolean accumulate);

    /** Applies linear layers, with each row's adapter; see {@link Linear}. */
    void applyLinear(Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate);

    /**
     * out = linear(RMSNorm(x)), with each row's adapter.
     *
     * @param normed scratch of the shape of x, which a fused kernel does not write
     */
    void applyNormed(Linear linear, Tensor x, Norm norm, Tensor normed, Tensor out, Rows rows);

    /**
     * out = activation(gate) * up with (gate, up) = linear(RMSNorm(x)), with each row's adapter;
     * out [rows, width].
     *
     * @param gateUp from {@link BackendMemory#gatedLinear}
     * @param normed scratch of the shape of x
     * @param both scratch [rows, 2 width]
     */
    void applyGated(
            Linear gateUp,
            Tensor x,
            Norm norm,
            Activation activation,
            Tensor normed,
            Tensor both,
            Tensor out,
            Rows rows);

    /**
     * Rotates q and k of every row in place and appends k and v to the cache. qkv [rows, (heads + 2
     * kvHeads) headDim], rope [positions, headDim]. See {@code rope.RopeAppend}.
     *
     * @param norms of the heads of q and k before their rotation; null if the family has none
     */
    void ropeAppend(
            Tensor qkv,
            Tensor rope,
            @Nullable HeadNorms norms,
            StepBatch batch,
            KvCache kv,
            int layer);

    /**
     * Causal attention of every row over its own sequence. qkv as above; out [rows, heads headDim].
     * See {@code attention.Attention}.
     */
    void attention(
            Tensor qkv,
            AttentionOptions options,
            StepBatch batch,
            KvCache kv,
            int layer,
            Tensor out);

    /** out = activation(gate) * up; gateUp [rows, 2 width] with gate first, out [rows, width]. */
    void swiGlu(Tensor gateUp, Activation activation, Tensor out, int rows);

    /** x = cap tanh(x / cap) in place; x [rows, width]. */
    void softCap(Tensor x, float cap, int rows);

    /** out[i, :] = x[selected(i), :] for the rows whose logits are requested. */
    void gatherSelected(Tensor x, StepBatch batch, Tensor out);

    /**
     * Samples the next token of each state from its row of logits into the state, with the
     * requested log-probabilities. A row with a NaN or infinity fails its own state only. The state
     * of a draft token comes after the state it is chained to. The logits are overwritten.
     *
     * @param logits [rows, vocabulary]; row i belongs to {@code states[i]}
     * @param states at least {@code count}
     */
    void sample(Tensor logits, SamplerState[] states, int count);

    /**
     * Begins a step. If the backend has recorded a step of this shape, it replays the recording
     * over the current batch and returns true: all ops are done. Otherwise the caller runs the ops,
     * always the same ones over the same tensors, and calls {@link #endStep}.
     */
    boolean replayStep(StepBatch batch, KvCache kv);

    /** Ends a step whose ops the caller has run. */
    void endStep(StepBatch batch, KvCache kv);

    /**
     * Gives up a step whose ops the caller could not complete. Without this call, work queued
     * between this step and the next may be lost. Does nothing if no step is begun.
     */
    void abandonStep();
}
