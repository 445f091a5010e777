package dev.longhand.kernels.reference;

import dev.longhand.kernels.activation.SwiGlu;
import dev.longhand.kernels.attention.Attention;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.embedding.Embedding;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.matmul.LinearReference;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.sampling.HostSampler;
import dev.longhand.kernels.sampling.SamplerState;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Quantizer;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.List;

/**
 * Every op in plain Java with double accumulation, written to be read: the oracle that other
 * backends are tested against, and the fallback where no C compiler built the CPU kernels.
 */
public final class ReferenceBackend implements ComputeBackend {
    private final Arena arena = Arena.ofShared();

    @Override
    public String description() {
        return "reference (plain Java, slow)";
    }

    @Override
    public Tensor allocate(DType dtype, Shape shape) {
        return HostTensor.allocate(arena, dtype, shape);
    }

    @Override
    public Tensor place(HostTensor tensor) {
        return tensor;
    }

    @Override
    public Tensor quantize(HostTensor weights, DType dtype) {
        HostTensor quantized = HostTensor.allocate(arena, dtype, weights.shape());
        Quantizer.quantize(weights, quantized);
        return quantized;
    }

    @Override
    public Linear linear(List<LinearMatrix> matrices) {
        return new LinearReference(matrices);
    }

    @Override
    public KvCache allocateKv(KvShape shape) {
        return new ReferenceKv(shape);
    }

    @Override
    public StepBatch allocateBatch(int rowsMax, int sequencesMax, int pagesPerSequence) {
        return new StepBatch(rowsMax, sequencesMax, pagesPerSequence);
    }

    @Override
    public void embed(Tensor table, StepBatch batch, Tensor out) {
        Embedding.check(table, batch, out);
        Embedding.reference((HostTensor) table, batch, (HostTensor) out);
    }

    @Override
    public void rmsNorm(Tensor x, Tensor weight, float eps, Tensor out, int rows) {
        RmsNorm.check(x, weight, out, rows);
        RmsNorm.reference((HostTensor) x, (HostTensor) weight, eps, (HostTensor) out, rows);
    }

    @Override
    public LoraAdapter adapter(List<LoraDelta> deltas) {
        return new ReferenceLora(deltas);
    }

    @Override
    public void reload(Linear linear, List<HostTensor> weights) {
        linear.checkReload(weights);
        ((LinearReference) linear).reload(weights);
    }

    @Override
    public void applyLinear(Linear linear, Tensor x, Tensor out, Rows rows, boolean accumulate) {
        linear.check(x, out, rows.rows());
        ((LinearReference) linear).apply((HostTensor) x, (HostTensor) out, rows.rows(), accumulate);
        ReferenceLora.apply(linear, (HostTensor) x, (HostTensor) out, rows);
    }

    @Override
    public void ropeAppend(Tensor qkv, Tensor rope, StepBatch batch, KvCache kv, int layer) {
        RopeAppend.check(qkv, rope, batch, kv.shape(), layer);
        new AttentionReference((ReferenceKv) kv)
                .ropeAppend((HostTensor) qkv, (HostTensor) rope, batch, layer);
    }

    @Override
    public void attention(Tensor qkv, StepBatch batch, KvCache kv, int layer, Tensor out) {
        Attention.check(qkv, batch, kv.shape(), layer, out);
        new AttentionReference((ReferenceKv) kv)
                .attention((HostTensor) qkv, batch, layer, (HostTensor) out);
    }

    @Override
    public void swiGlu(Tensor gateUp, Tensor out, int rows) {
        SwiGlu.check(gateUp, out, rows);
        SwiGlu.reference((HostTensor) gateUp, (HostTensor) out, rows);
    }

    @Override
    public void gatherSelected(Tensor x, StepBatch batch, Tensor out) {
        HostTensor from = (HostTensor) x;
        HostTensor to = (HostTensor) out;
        long width = from.shape().width();
        for (int i = 0; i < batch.selectedCount(); i++) {
            for (long j = 0; j < width; j++) {
                to.set(i * width + j, from.get(batch.selected(i) * width + j));
            }
        }
    }

    @Override
    public void sample(Tensor logits, SamplerState[] slots, int count) {
        HostSampler.sample((HostTensor) logits, slots, count);
    }

    @Override
    public boolean drawsInOrder() {
        return true;
    }

    @Override
    public void copyPage(KvCache kv, int from, int to) {
        ((ReferenceKv) kv).copyPage(from, to);
    }

    @Override
    public boolean copiesUnfilledPages() {
        return true;
    }

    @Override
    public long findNonFinite(Tensor tensor) {
        return ((HostTensor) tensor).findNonFinite();
    }

    @Override
    public void read(Tensor tensor, int row, float[] into) {
        HostTensor host = (HostTensor) tensor;
        for (int i = 0; i < into.length; i++) {
            into[i] = host.get(row * host.shape().width() + i);
        }
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
