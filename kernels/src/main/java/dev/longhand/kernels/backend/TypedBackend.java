package dev.longhand.kernels.backend;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.activation.SoftCap;
import dev.longhand.kernels.activation.SwiGlu;
import dev.longhand.kernels.attention.Attention;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.embedding.Embedding;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.matmul.PlacedMatrix;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The base of every backend: checks the arguments of each op and passes them to the subclass as its
 * own types, so that backends neither cast nor repeat the checks.
 *
 * @param <T> the backend's tensors
 * @param <L> its prepared linear layers
 * @param <B> its step batches
 * @param <K> its KV caches
 */
public abstract class TypedBackend<
                T extends Tensor, L extends Linear, B extends StepBatch, K extends KvCache>
        implements ComputeBackend {
    private final Class<T> tensorType;
    private final Class<L> linearType;
    private final Class<B> batchType;
    private final Class<K> kvType;

    /**
     * {@link HeadNorms} over tensors of the backend.
     *
     * @param query [headDim] F32
     * @param key [headDim] F32
     * @param eps added to the mean squares
     */
    protected record OwnNorms<T extends Tensor>(T query, T key, float eps) {}

    protected TypedBackend(
            Class<T> tensorType, Class<L> linearType, Class<B> batchType, Class<K> kvType) {
        this.tensorType = tensorType;
        this.linearType = linearType;
        this.batchType = batchType;
        this.kvType = kvType;
    }

    /**
     * Casts an object to a class of this backend.
     *
     * @throws IllegalArgumentException if it belongs to another backend
     */
    public static <X> X own(Class<X> type, Object object) {
        if (!type.isInstance(object)) {
            throw new IllegalArgumentException(
                    "a %s of another backend, where a %s is needed"
                            .formatted(object.getClass().getSimpleName(), type.getSimpleName()));
        }
        return type.cast(object);
    }

    private T own(Tensor tensor) {
        return own(tensorType, tensor);
    }

    private L own(Linear linear) {
        return own(linearType, linear);
    }

    private B own(StepBatch batch) {
        return own(batchType, batch);
    }

    private K own(KvCache kv) {
        return own(kvType, kv);
    }

    private PlacedMatrix<T> own(LinearMatrix matrix) {
        Tensor bias = matrix.bias();
        return new PlacedMatrix<>(matrix, own(matrix.weights()), bias == null ? null : own(bias));
    }

    @Override
    public final Linear linear(List<LinearMatrix> matrices) {
        return prepare(matrices.stream().map(this::own).toList());
    }

    @Override
    public final Linear gatedLinear(LinearMatrix gate, LinearMatrix up) {
        return prepareGated(own(gate), own(up));
    }

    @Override
    public final LoraAdapter adapter(List<LoraDelta> deltas) {
        Map<L, LoraDelta> byLinear = new LinkedHashMap<>();
        deltas.forEach(delta -> byLinear.put(own(delta.linear()), delta));
        return prepareAdapter(byLinear);
    }

    @Override
    public final void reload(Linear linear, List<HostTensor> weights) {
        linear.checkReload(weights);
        replaceWeights(own(linear), weights);
    }

    @Override
    public final void copyPage(KvCache kv, int from, int to) {
        copyPageOf(own(kv), from, to);
    }

    @Override
    public final long findNonFinite(Tensor tensor) {
        if (!tensorType.isInstance(tensor) && tensor instanceof HostTensor host) {
            return host.findNonFinite();
        }
        return firstNonFinite(own(tensor));
    }

    @Override
    public final void read(Tensor tensor, int row, float[] into) {
        readRow(own(tensor), row, into);
    }

    @Override
    public final void embed(Tensor table, float scale, StepBatch batch, Tensor out) {
        Embedding.check(table, batch, out);
        runEmbed(own(table), scale, own(batch), own(out));
    }

    @Override
    public final void rmsNorm(Tensor x, Norm norm, Tensor out, int rows, boolean accumulate) {
        RmsNorm.check(x, norm.weight(), out, rows);
        runRmsNorm(own(x), own(norm.weight()), norm.eps(), own(out), rows, accumulate);
    }

    @Override
    public final void applyLinear(
            Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate) {
        linear.check(x, out, rows.rows());
        runLinear(own(linear), own(x), own(out), rows, accumulate);
    }

    @Override
    public final void applyNormed(
            Linear linear, Tensor x, Norm norm, Tensor normed, Tensor out, Rows rows) {
        RmsNorm.check(x, norm.weight(), normed, rows.rows());
        linear.check(x, out, rows.rows());
        runNormed(own(linear), own(x), own(norm.weight()), norm.eps(), own(normed), own(out), rows);
    }

    @Override
    public final void applyGated(
            Linear gateUp,
            Tensor x,
            Norm norm,
            Activation activation,
            Tensor normed,
            Tensor both,
            Tensor out,
            Rows rows) {
        RmsNorm.check(x, norm.weight(), normed, rows.rows());
        gateUp.check(x, both, rows.rows());
        SwiGlu.check(both, out, rows.rows());
        runGated(
                own(gateUp),
                own(x),
                own(norm.weight()),
                norm.eps(),
                activation,
                own(normed),
                own(both),
                own(out),
                rows);
    }

    @Override
    public final void ropeAppend(
            Tensor qkv,
            Tensor rope,
            @Nullable HeadNorms norms,
            StepBatch batch,
            KvCache kv,
            int layer) {
        RopeAppend.check(qkv, rope, norms, batch, kv.shape(), layer);
        OwnNorms<T> own =
                norms == null
                        ? null
                        : new OwnNorms<>(own(norms.query()), own(norms.key()), norms.eps());
        runRopeAppend(own(qkv), own(rope), own, own(batch), own(kv), layer);
    }

    @Override
    public final void attention(
            Tensor qkv,
            AttentionOptions options,
            StepBatch batch,
            KvCache kv,
            int layer,
            Tensor out) {
        Attention.check(qkv, batch, kv.shape(), layer, out);
        runAttention(own(qkv), options, own(batch), own(kv), layer, own(out));
    }

    @Override
    public final void swiGlu(Tensor gateUp, Activation activation, Tensor out, int rows) {
        SwiGlu.check(gateUp, out, rows);
        runSwiGlu(own(gateUp), activation, own(out), rows);
    }

    @Override
    public final void softCap(Tensor x, float cap, int rows) {
        SoftCap.check(x, cap, rows);
        runSoftCap(own(x), cap, rows);
    }

    @Override
    public final void gatherSelected(Tensor x, StepBatch batch, Tensor out) {
        runGather(own(x), own(batch), own(out));
    }

    @Override
    public final void sample(Tensor logits, SamplerState[] states, int count) {
        runSample(own(logits), states, count);
    }

    @Override
    public final boolean replayStep(StepBatch batch, KvCache kv) {
        return replay(own(batch), own(kv));
    }

    /** Prepares linear layers that read the same input. */
    protected abstract L prepare(List<PlacedMatrix<T>> matrices);

    /** Prepares gate and up, which have no bias. */
    protected L prepareGated(PlacedMatrix<T> gate, PlacedMatrix<T> up) {
        return prepare(List.of(gate, up));
    }

    /** Prepares an adapter from its changes to each group of linear layers. */
    protected abstract LoraAdapter prepareAdapter(Map<L, LoraDelta> deltas);

    /** Replaces weights with others of the same shapes and dtypes. */
    protected abstract void replaceWeights(L linear, List<HostTensor> weights);

    /** See {@link BackendMemory#copyPage}. */
    protected abstract void copyPageOf(K kv, int from, int to);

    /** See {@link BackendMemory#findNonFinite}. */
    protected abstract long firstNonFinite(T tensor);

    /** See {@link BackendMemory#read}. */
    protected abstract void readRow(T tensor, int row, float[] into);

    /** See {@link DecoderOps#embed}. */
    protected abstract void runEmbed(T table, float scale, B batch, T out);

    /** See {@link DecoderOps#rmsNorm}. */
    protected abstract void runRmsNorm(
            T x, T weight, float eps, T out, int rows, boolean accumulate);

    /** See {@link DecoderOps#applyLinear}. */
    protected abstract void runLinear(L linear, T x, T out, Rows rows, boolean accumulate);

    /** See {@link DecoderOps#applyNormed}; two ops unless a backend fuses them. */
    protected void runNormed(L linear, T x, T weight, float eps, T normed, T out, Rows rows) {
        runRmsNorm(x, weight, eps, normed, rows.rows(), false);
        runLinear(linear, normed, out, rows, false);
    }

    /** See {@link DecoderOps#applyGated}; three ops unless a backend fuses them. */
    protected void runGated(
            L gateUp,
            T x,
            T weight,
            float eps,
            Activation activation,
            T normed,
            T both,
            T out,
            Rows rows) {
        runNormed(gateUp, x, weight, eps, normed, both, rows);
        runSwiGlu(both, activation, out, rows.rows());
    }

    /** See {@link DecoderOps#ropeAppend}. */
    protected abstract void runRopeAppend(
            T qkv, T rope, @Nullable OwnNorms<T> norms, B batch, K kv, int layer);

    /** See {@link DecoderOps#attention}. */
    protected abstract void runAttention(
            T qkv, AttentionOptions options, B batch, K kv, int layer, T out);

    /** See {@link DecoderOps#swiGlu}. */
    protected abstract void runSwiGlu(T gateUp, Activation activation, T out, int rows);

    /** See {@link DecoderOps#softCap}. */
    protected abstract void runSoftCap(T x, float cap, int rows);

    /** See {@link DecoderOps#gatherSelected}. */
    protected abstract void runGather(T x, B batch, T out);

    /** See {@link DecoderOps#sample}. */
    protected abstract void runSample(T logits, SamplerState[] states, int count);

    /** See {@link DecoderOps#replayStep}; false unless a backend records steps. */
    protected boolean replay(B batch, K kv) {
        return false;
    }

    @Override
    public void endStep(StepBatch batch, KvCache kv) {}

    @Override
    public void abandonStep() {}
}
