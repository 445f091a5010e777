package dev.longhand.kernels.rope;

import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding of q and k, in place, and the append of k and v to the paged cache. A
 * head's elements are paired half against half, as Hugging Face lays Qwen2 out: (a, b) = (h[i], h[i
 * + headDim/2]) becomes (a cos - b sin, b cos + a sin). qkv [rows, (heads + 2 kvHeads) headDim]
 * holds the query heads, then the key heads, then the value heads. In some families each head of q
 * and k takes an RMSNorm first.
 */
public final class RopeAppend {
    private RopeAppend() {}

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if a shape or dtype does not fit, or if a position is beyond
     *     the RoPE table or its sequence's page table
     */
    public static void check(
            Tensor qkv,
            Tensor rope,
            @Nullable HeadNorms norms,
            StepBatch batch,
            KvShape kv,
            int layer) {
        long heads = heads(qkv, kv);
        if (norms != null && !(isNorm(norms.query(), kv) && isNorm(norms.key(), kv))) {
            throw new IllegalArgumentException(
                    "norms of heads of %d: %s, %s"
                            .formatted(kv.headDim(), norms.query().shape(), norms.key().shape()));
        }
        if (qkv.dtype() != DType.F32
                || rope.dtype() != DType.F32
                || heads <= 0
                || qkv.shape().rows() < batch.rows()
                || rope.shape().width() != kv.headDim()
                || layer < 0
                || layer >= kv.layers()) {
            throw new IllegalArgumentException(
                    "RoPE over %d rows: q, k, v %s, table %s, layer %d of %s"
                            .formatted(batch.rows(), qkv.shape(), rope.shape(), layer, kv));
        }
        long positions = rope.shape().rows();
        for (int row = 0; row < batch.rows(); row++) {
            int position = batch.position(row);
            int page = position / KvShape.PAGE_POSITIONS;
            if (position >= positions
                    || page >= batch.pagesPerSequence()
                    || !isPage(batch.page(batch.sequence(row), page), kv)) {
                throw new IllegalArgumentException(
                        "position %d is beyond the RoPE table (%d) or the pages of its sequence"
                                .formatted(position, positions));
            }
        }
    }

    private static boolean isNorm(Tensor weight, KvShape kv) {
        return weight.dtype() == DType.F32 && weight.shape().elements() == kv.headDim();
    }

    private static boolean isPage(int page, KvShape kv) {
        return page >= 0 && page < kv.pages();
    }

    /** The number of query heads in a row of q, k and v. */
    public static int heads(Tensor qkv, KvShape kv) {
        return Math.toIntExact(qkv.shape().width() / kv.headDim() - 2L * kv.kvHeads());
    }

    /** Rotates the head that starts at element {@code at}: the oracle for every backend. */
    public static void rotate(HostTensor qkv, long at, HostTensor rope, int position, int headDim) {
        int half = headDim / 2;
        long row = (long) position * headDim;
        for (int i = 0; i < half; i++) {
            double cos = rope.get(row + i);
            double sin = rope.get(row + half + i);
            double a = qkv.get(at + i);
            double b = qkv.get(at + half + i);
            qkv.set(at + i, (float) (a * cos - b * sin));
            qkv.set(at + half + i, (float) (b * cos + a * sin));
        }
    }
}
