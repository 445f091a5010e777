package dev.longhand.kernels.backend;

import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The door through which a model computes: the ops of a Qwen2 step over tensors that only the
 * backend touches. Activations are F32 and row-major; {@code rows} counts the leading rows in use.
 *
 * <p>A backend belongs to one thread at a time. Every op checks its arguments' shapes and dtypes
 * and throws {@link IllegalArgumentException}; ids and positions are checked where they enter the
 * engine. Results obey batch invariance: a row's bits depend on its own sequence and adapter only,
 * not on the other rows, on the cut of a prompt into steps, or on the number of threads.
 */
public interface ComputeBackend extends AutoCloseable {
    /** The backend in words, for example {@code cpu (avx2, 2 threads)}. */
    String description();

    /** A tensor of zeros that lives until the backend closes. */
    Tensor allocate(DType dtype, Shape shape);

    /**
     * Makes host memory readable to the backend: the same memory on a CPU, a copy on a device. The
     * caller keeps the host memory alive as long as the backend.
     */
    Tensor place(HostTensor tensor);

    /** Why this backend cannot compute with weights of a quantised dtype, if so. */
    default Optional<String> refusal(DType weights) {
        return Optional.empty();
    }

    /**
     * Quantises the weights of a linear layer, see {@code tensor.Quantizer}. The result lives until
     * the backend closes; the host memory is free at once.
     *
     * @param weights [outputs, inputs], finite
     * @param dtype one that {@link #refusal(DType)} does not refuse
     */
    Tensor quantize(HostTensor weights, DType dtype);

    /**
     * Weights of a linear layer that are quantised already. The result lives until the backend
     * closes.
     *
     * @param dtype one that {@link #refusal(DType)} does not refuse
     * @param shape [outputs, inputs]
     * @param content writes them, see {@code tensor.QuantizedMatrix}, into zeros; called once, now
     */
    default Tensor fillWeights(DType dtype, Shape shape, Consumer<HostTensor> content) {
        HostTensor filled = HostTensor.allocate(Arena.ofAuto(), dtype, shape);
        content.accept(filled);
        return place(filled);
    }

    /** Prepares linear layers that read the same input. */
    Linear linear(List<LinearMatrix> matrices);

    /** The most exact dtype in which this backend keeps keys and values. */
    default DType kvDtypeDefault() {
        return DType.F32;
    }

    /** Bytes of a memory of its own that are free; empty if it computes in the host's. */
    default OptionalLong memoryAvailableBytes() {
        return OptionalLong.empty();
    }

    /** Why this backend cannot attend over a KV cache with a number of query heads, if so. */
    default Optional<String> refusal(KvShape shape, int heads) {
        return Optional.empty();
    }

    /**
     * Prepares gate and up for {@link #applyGated}: a backend may lay their rows side by side.
     *
     * @param gate [width, inputs], no bias
     * @param up [width, inputs], no bias
     */
    default Linear gatedLinear(LinearMatrix gate, LinearMatrix up) {
        return linear(List.of(gate, up));
    }

    /**
     * Prepares an adapter: copies it where the kernels read it, or reads it where it is. The caller
     * keeps the host memory alive as long as the adapter.
     *
     * @param deltas one for each group of linear layers that it changes
     */
    LoraAdapter adapter(List<LoraDelta> deltas);

    /**
     * Replaces the weights of prepared linear layers by others of the same shapes and dtypes. The
     * caller keeps the host memory alive until they are replaced again.
     */
    void reload(Linear linear, List<HostTensor> weights);

    /** A KV pool; its memory is committed as pages are first written where the system can. */
    KvCache allocateKv(KvShape shape);

    /** An empty step batch; arguments as in {@link StepBatch#StepBatch}. */
    StepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence);

    /** out[r, :] = table[token(r), :]; table [vocabulary, width], out [rows, width]. */
    void embed(Tensor table, StepBatch batch, Tensor out);

    /** RMSNorm; x, out [rows, width], weight [width] F32. See {@code norm.RmsNorm}. */
    void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, int rows);

    /** Applies prepared linear layers, with each row's adapter; see {@link Linear}. */
    void applyLinear(Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate);

    /**
     * out = linear(RMSNorm(x)). Backends that fuse the two leave {@code normed}, scratch of the
     * shape of x, alone.
     */
    default void applyNormed(
            Linear linear, Tensor x, Norm norm, Tensor normed, Tensor out, Rows rows) {
        rmsNorm(x, norm.weight(), norm.eps(), normed, rows.rows());
        applyLinear(linear, normed, out, rows, false);
    }

    /**
     * out = silu(gate) * up of (gate, up) = linear(RMSNorm(x)); out [rows, width].
     *
     * @param gateUp from {@link #gatedLinear}
     * @param normed scratch of the shape of x
     * @param both scratch [rows, 2 width]
     */
    default void applyGated(
            Linear gateUp, Tensor x, Norm norm, Tensor normed, Tensor both, Tensor out, Rows rows) {
        applyNormed(gateUp, x, norm, normed, both, rows);
        swiGlu(both, out, rows.rows());
    }

    /**
     * Begins a step. Where the backend has recorded a step of this shape before, it replays that
     * recording over the batch as it is now and returns true: the ops are done. Otherwise the
     * caller runs the ops, always the same ones over the same tensors, and calls {@link #endStep}.
     */
    default boolean replayStep(StepBatch batch, KvCache kv) {
        return false;
    }

    /** Ends a step whose ops the caller ran. */
    default void endStep(StepBatch batch, KvCache kv) {}

    /**
     * Rotates q and k of every row in place and appends k and v to the cache. qkv [rows, (heads + 2
     * kvHeads) headDim], rope [positions, headDim]. See {@code rope.RopeAppend}.
     */
    void ropeAppend(Tensor qkv, Tensor rope, StepBatch batch, KvCache kv, int layer);

    /**
     * Causal attention of every row over its own sequence. qkv as above; out [rows, heads headDim].
     * See {@code attention.Attention}.
     */
    void attention(Tensor qkv, StepBatch batch, KvCache kv, int layer, Tensor out);

    /** out = silu(gate) * up; gateUp [rows, 2 width] with gate first, out [rows, width]. */
    void swiGlu(Tensor gateUp, Tensor out, int rows);

    /** out[i, :] = x[selected(i), :] for the rows that want logits. */
    void gatherSelected(Tensor x, StepBatch batch, Tensor out);

    /**
     * Draws the next token of each slot from its row of logits and leaves it, with the asked-for
     * log-probabilities, in the slot; a row with a NaN or infinity leaves a failure in its slot and
     * touches no other. Slots that follow others stand behind them. The logits are used up.
     *
     * @param logits [rows, vocabulary]; row i belongs to {@code states[i]}
     * @param states at least {@code count} slots
     */
    void sample(Tensor logits, SamplerState[] states, int count);

    /** Bytes that {@link #sample} keeps for logits of a shape, beside the slots. */
    default long sampleBytes(Shape logits) {
        return 0;
    }

    /**
     * Bytes that products of steps keep beside their tensors.
     *
     * @param rows of the largest step
     * @param inputsMax of any linear layer
     * @param gateUp outputs of gate and up together
     */
    default long productBytes(int rows, int inputsMax, int gateUp) {
        return 0;
    }

    /**
     * Whether {@link #sample} draws one slot after the other, and only those that count, so that
     * slots that follow others may have penalties. Else all are drawn at once.
     */
    default boolean drawsInOrder() {
        return false;
    }

    /** Copies one page of every layer; see {@link #copiesUnfilledPages}. */
    void copyPage(KvCache kv, int from, int to);

    /**
     * Whether a page may be copied of which not every position was appended. Where reads of what
     * nobody has written are reported as faults, it may not.
     */
    default boolean copiesUnfilledPages() {
        return false;
    }

    /**
     * Index of the first NaN or infinity of a tensor, row-major, or -1. A device looks at weights
     * where they are once a linear layer has uploaded them, so this is best asked after that.
     */
    long findNonFinite(Tensor tensor);

    /** Copies one row of an F32 tensor to the host. */
    void read(Tensor tensor, int row, float[] into);

    /** Frees every tensor; idempotent. Batches and KV caches are closed by their owner. */
    @Override
    void close();
}
