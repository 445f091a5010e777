package dev.longhand.kernels.attention;

import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Tensor;

/**
 * Causal grouped-query attention over paged KV: query head h of the row at position p attends to
 * positions 0..p of its own sequence, or to the last of them in a window, with key/value head h /
 * (heads / kvHeads), with softmax scores as {@link AttentionOptions} says. q is the first heads *
 * headDim elements of qkv; out [rows, heads headDim], F32.
 */
public final class Attention {
    private Attention() {}

    /**
     * Checks the arguments except positions, which {@link RopeAppend#check} checked at the append.
     *
     * @throws IllegalArgumentException if a shape or dtype does not fit
     */
    public static void check(Tensor qkv, StepBatch batch, KvShape kv, int layer, Tensor out) {
        int heads = RopeAppend.heads(qkv, kv);
        if (qkv.dtype() != DType.F32
                || out.dtype() != DType.F32
                || heads <= 0
                || heads % kv.kvHeads() != 0
                || out.shape().width() != (long) heads * kv.headDim()
                || qkv.shape().rows() < batch.rows()
                || out.shape().rows() < batch.rows()
                || layer < 0
                || layer >= kv.layers()) {
            throw new IllegalArgumentException(
                    "attention over %d rows: q, k, v %s, out %s, layer %d of %s"
                            .formatted(batch.rows(), qkv.shape(), out.shape(), layer, kv));
        }
    }
}
