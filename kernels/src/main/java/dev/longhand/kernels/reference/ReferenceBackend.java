package dev.longhand.kernels.reference;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.activation.SoftCap;
import dev.longhand.kernels.activation.SwiGlu;
import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.Capabilities;
import dev.longhand.kernels.backend.StepShape;
import dev.longhand.kernels.backend.TypedBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.embedding.Embedding;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.LinearReference;
import dev.longhand.kernels.matmul.PlacedMatrix;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.sampling.HostSampler;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Quantizer;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * Every op in plain Java with double accumulation, written to be read: the oracle that other
 * backends are tested against, and the fallback where no C compiler built the CPU kernels.
 */
public final class ReferenceBackend
        extends TypedBackend<HostTensor, LinearReference, StepBatch, ReferenceKv> {
    private static final Capabilities CAPABILITIES =
            new Capabilities(
                    "reference (plain Java, slow)",
                    DType.F32,
                    true,
                    Map.of(),
                    Capabilities.AttentionSupport.ANY);

    private final Arena arena = Arena.ofShared();

    /** Creates a backend. */
    public ReferenceBackend() {
        super(HostTensor.class, LinearReference.class, StepBatch.class, ReferenceKv.class);
    }

    @Override
    public Capabilities capabilities() {
        return CAPABILITIES;
    }

    @Override
    public HostTensor allocate(DType dtype, Shape shape) {
        return HostTensor.allocate(arena, dtype, shape);
    }

    @Override
    public HostTensor place(HostTensor tensor) {
        return tensor;
    }

    @Override
    public HostTensor quantize(HostTensor weights, DType dtype) {
        HostTensor quantized = HostTensor.allocate(arena, dtype, weights.shape());
        Quantizer.quantize(weights, quantized);
        return quantized;
    }

    @Override
    public HostTensor fillWeights(DType dtype, Shape shape, Consumer<HostTensor> content) {
        HostTensor filled = HostTensor.allocate(arena, dtype, shape);
        content.accept(filled);
        return filled;
    }

    @Override
    public ReferenceKv allocateKv(KvShape shape) {
        return new ReferenceKv(shape);
    }

    @Override
    public StepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        return new StepBatch(rowsMax, sequencesMax, pagesPerSequence);
    }

    @Override
    public OptionalLong freeBytes() {
        return OptionalLong.empty();
    }

    @Override
    public long scratchBytes(StepShape step) {
        return 0;
    }

    @Override
    protected LinearReference prepare(List<PlacedMatrix<HostTensor>> matrices) {
        return new LinearReference(matrices);
    }

    @Override
    protected ReferenceLora prepareAdapter(Map<LinearReference, LoraDelta> deltas) {
        return new ReferenceLora(deltas);
    }

    @Override
    protected void replaceWeights(LinearReference linear, List<HostTensor> weights) {
        linear.reload(weights);
    }

    @Override
    protected void copyPageOf(ReferenceKv kv, int from, int to) {
        kv.copyPage(from, to);
    }

    @Override
    protected long firstNonFinite(HostTensor tensor) {
        return tensor.findNonFinite();
    }

    @Override
    protected void readRow(HostTensor tensor, int row, float[] into) {
        for (int i = 0; i < into.length; i++) {
            into[i] = tensor.get(row * tensor.shape().width() + i);
        }
    }

    @Override
    protected void runEmbed(HostTensor table, float scale, StepBatch batch, HostTensor out) {
        Embedding.reference(table, scale, batch, out);
    }

    @Override
    protected void runRmsNorm(
            HostTensor x,
            HostTensor weight,
            float eps,
            HostTensor out,
            int rows,
            boolean accumulate) {
        RmsNorm.reference(x, weight, eps, out, rows, accumulate);
    }

    @Override
    protected void runLinear(
            LinearReference linear, HostTensor x, HostTensor out, Rows rows, boolean accumulate) {
        linear.apply(x, out, rows.rows(), accumulate);
        ReferenceLora.apply(linear, x, out, rows);
    }

    @Override
    protected void runRopeAppend(
            HostTensor qkv,
            HostTensor rope,
            @Nullable OwnNorms<HostTensor> norms,
            StepBatch batch,
            ReferenceKv kv,
            int layer) {
        AttentionReference attention = new AttentionReference(kv);
        if (norms != null) {
            attention.norm(qkv, norms.query(), norms.key(), norms.eps(), batch.rows());
        }
        attention.ropeAppend(qkv, rope, batch, layer);
    }

    @Override
    protected void runAttention(
            HostTensor qkv,
            AttentionOptions options,
            StepBatch batch,
            ReferenceKv kv,
            int layer,
            HostTensor out) {
        new AttentionReference(kv).attention(qkv, options, batch, layer, out);
    }

    @Override
    protected void runSwiGlu(HostTensor gateUp, Activation activation, HostTensor out, int rows) {
        SwiGlu.reference(gateUp, activation, out, rows);
    }

    @Override
    protected void runSoftCap(HostTensor x, float cap, int rows) {
        SoftCap.reference(x, cap, rows);
    }

    @Override
    protected void runGather(HostTensor x, StepBatch batch, HostTensor out) {
        long width = x.shape().width();
        for (int i = 0; i < batch.selectedCount(); i++) {
            for (long j = 0; j < width; j++) {
                out.set(i * width + j, x.get(batch.selected(i) * width + j));
            }
        }
    }

    @Override
    protected void runSample(HostTensor logits, SamplerState[] states, int count) {
        HostSampler.sample(logits, states, count);
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
