package dev.longhand.kernels.cuda;

import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.cuda.KernelStruct.Float32;
import dev.longhand.kernels.cuda.KernelStruct.Int32;
import dev.longhand.kernels.cuda.KernelStruct.Int64;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.rope.RopeAppend;

import java.util.Optional;
import java.util.Set;

/** The launches of {@code attention.cu} for one head size. */
final class CudaAttention {
    private static final int GROUP_MAX = 8;
    private static final Set<Integer> HEAD_DIMS = Set.of(32, 64, 128);

    private static final KernelStruct ARGUMENTS = new KernelStruct("AttentionArguments");
    private static final Int64 QKV = ARGUMENTS.int64("qkv");
    private static final Int32 HEADS = ARGUMENTS.int32("heads");
    private static final long BATCH = ARGUMENTS.offset("batch");
    private static final long KV = ARGUMENTS.offset("kv");
    private static final Int64 OUT = ARGUMENTS.int64("out");
    private static final Int64 PARTIALS = ARGUMENTS.int64("partials");
    private static final Int32 SPLITS = ARGUMENTS.int32("splits");
    private static final Int32 WINDOW = ARGUMENTS.int32("window");
    private static final Float32 QUERY_SCALE = ARGUMENTS.float32("queryScale");
    private static final Float32 CAP = ARGUMENTS.float32("cap");
    private static final float LOG2_E = 1.442695f;

    private final int headDim;
    private final KernelCall decode;
    private final KernelCall merge;
    private final KernelCall prefill;

    CudaAttention(CudaKernels kernels, int headDim) {
        this.headDim = headDim;
        decode = call(kernels, "attention_decode_");
        merge = call(kernels, "attention_merge_");
        prefill = call(kernels, "attention_prefill_");
    }

    private KernelCall call(CudaKernels kernels, String name) {
        return kernels.call("attention", name + headDim);
    }

    /** Why attention with this cache and number of query heads is not supported; empty if it is. */
    static Optional<String> refusal(KvShape shape, int heads) {
        if (shape.dtype() != CudaKv.DTYPE) {
            return Optional.of(CudaKv.OTHER_DTYPE);
        }
        if (!HEAD_DIMS.contains(shape.headDim())) {
            return Optional.of("the CUDA kernels know heads of 32, 64 and 128 elements");
        }
        if (heads > GROUP_MAX * shape.kvHeads()) {
            return Optional.of("the CUDA kernels know up to 8 query heads per KV head");
        }
        return Optional.empty();
    }

    void run(
            CudaTensor qkv,
            AttentionOptions options,
            CudaStepBatch batch,
            CudaKv kv,
            int layer,
            CudaTensor out) {
        int heads = RopeAppend.heads(qkv, kv.shape());
        AttentionPlan plan = batch.plan();
        int splits = plan.splits();
        if (plan.decoding()) {
            long partials = batch.partials(heads, headDim);
            set(decode, qkv, heads, options, batch, kv, layer, out).set(PARTIALS, partials);
            decode.launch(batch.rows(), kv.shape().kvHeads(), splits, 128);
            set(merge, qkv, heads, options, batch, kv, layer, out).set(PARTIALS, partials);
            merge.launch(batch.rows(), heads, 1, headDim);
        } else {
            set(prefill, qkv, heads, options, batch, kv, layer, out).set(PARTIALS, 0);
            prefill.parameter(batch.tilesAddress());
            prefill.launch(plan.tiles(), kv.shape().kvHeads(), 1, 128);
        }
    }

    private KernelCall set(
            KernelCall call,
            CudaTensor qkv,
            int heads,
            AttentionOptions options,
            CudaStepBatch batch,
            CudaKv kv,
            int layer,
            CudaTensor out) {
        call.begin().struct(ARGUMENTS);
        call.set(QKV, qkv.address()).set(HEADS, heads);
        call.set(OUT, out.address()).set(SPLITS, batch.plan().splits());
        call.set(WINDOW, options.window() == 0 ? Integer.MAX_VALUE : options.window());
        boolean capped = options.cap() > 0;
        call.set(QUERY_SCALE, options.scale() * (capped ? 1 / options.cap() : LOG2_E));
        call.set(CAP, options.cap() * LOG2_E);
        StepStructs.set(call.inner(BATCH), batch);
        StepStructs.set(call.inner(KV), kv, layer);
        return call.inner(0);
    }

    /**
     * Bytes of the partial results of a step's attention: of every sequence, head and split a sum,
     * a maximum and a weighted value.
     */
    static long partialBytes(int sequences, int heads, int headDim, int positionsMax) {
        long rows = (long) sequences * heads;
        return rows * AttentionPlan.splits(positionsMax) * (headDim + 2) * Float.BYTES;
    }
}
