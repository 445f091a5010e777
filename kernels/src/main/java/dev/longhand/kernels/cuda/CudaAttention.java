package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.Optional;
import java.util.Set;

/** The launches of {@code attention.cu} for one head size. */
final class CudaAttention {
    /** Positions of a split; {@code attention.cu}. */
    static final int SPLIT_POSITIONS = 256;

    private static final int GROUP_MAX = 8;
    private static final Set<Integer> HEAD_DIMS = Set.of(32, 64, 128);
    private static final int ARGUMENTS_BYTES = 8 + 8 + 40 + 24 + 8 + 8 + 8;

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final int headDim;
    private final KernelCall decode;
    private final KernelCall merge;
    private final KernelCall prefill;
    private long partials;
    private long partialsBytes;

    CudaAttention(
            CudaQueue queue, DeviceMemory memory, CudaKernels kernels, Arena arena, int headDim) {
        this.queue = queue;
        this.memory = memory;
        this.headDim = headDim;
        decode = call(kernels, arena, "attention_decode_", ARGUMENTS_BYTES);
        merge = call(kernels, arena, "attention_merge_", ARGUMENTS_BYTES);
        prefill = call(kernels, arena, "attention_prefill_", ARGUMENTS_BYTES, Long.BYTES);
    }

    private KernelCall call(CudaKernels kernels, Arena arena, String name, int... parameters) {
        return kernels.call(arena, "attention", name + headDim, parameters);
    }

    /** Why a cache and a number of query heads cannot be served, if so. */
    static Optional<String> refusal(KvShape shape, int heads) {
        if (!HEAD_DIMS.contains(shape.headDim())) {
            return Optional.of("the CUDA kernels know heads of 32, 64 and 128 elements");
        }
        if (heads > GROUP_MAX * shape.kvHeads()) {
            return Optional.of("the CUDA kernels know up to 8 query heads per KV head");
        }
        return Optional.empty();
    }

    void run(Tensor qkv, CudaStepBatch batch, CudaKv kv, int layer, Tensor out) {
        int heads = RopeAppend.heads(qkv, kv.shape());
        int splits = batch.splits();
        if (batch.decoding()) {
            reserve(batch, heads);
            set(decode, qkv, heads, batch, kv, layer, out, splits);
            decode.launch(batch.rows(), kv.shape().kvHeads(), splits, 128);
            set(merge, qkv, heads, batch, kv, layer, out, splits);
            merge.launch(batch.rows(), heads, 1, headDim);
        } else {
            set(prefill, qkv, heads, batch, kv, layer, out, splits);
            prefill.parameter(batch.tilesAddress());
            prefill.launch(batch.tiles(), kv.shape().kvHeads(), 1, 128);
        }
    }

    private void set(
            KernelCall call,
            Tensor qkv,
            int heads,
            CudaStepBatch batch,
            CudaKv kv,
            int layer,
            Tensor out,
            int splits) {
        call.begin().next().field(((CudaTensor) qkv).address()).field(heads);
        setBatch(call, batch);
        setKv(call, kv, layer);
        call.field(((CudaTensor) out).address()).field(partials).field(splits);
    }

    /** The fields of {@code Batch}. */
    static void setBatch(KernelCall call, CudaStepBatch batch) {
        call.field(batch.tokensAddress())
                .field(batch.positionsAddress())
                .field(batch.sequencesAddress())
                .field(batch.pageTablesAddress())
                .field(batch.pagesPerSequence())
                .field(batch.rows());
    }

    /** The fields of {@code PagedKv}. */
    static void setKv(KernelCall call, CudaKv kv, int layer) {
        call.field(kv.keys() + layer * kv.layerBytes())
                .field(kv.values() + layer * kv.layerBytes())
                .field(kv.shape().kvHeads())
                .field(kv.shape().headDim());
    }

    /** Scratch for the partial results of every sequence at its longest. */
    private void reserve(CudaStepBatch batch, int heads) {
        long splits = batch.splitsMax();
        long rows = (long) batch.sequencesMax() * heads;
        long wanted = rows * splits * (headDim + 2) * Float.BYTES;
        if (wanted > partialsBytes) {
            queue.synchronize();
            if (partials != 0) {
                memory.free(partials);
                partials = 0; // an allocation that fails leaves none
                partialsBytes = 0;
            }
            partials = memory.allocate(wanted);
            partialsBytes = wanted;
        }
    }
}
