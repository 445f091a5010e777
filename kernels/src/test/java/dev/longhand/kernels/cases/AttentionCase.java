package dev.longhand.kernels.cases;

import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.kvcache.Int8Values;
import dev.longhand.kernels.kvcache.KvCache;
import dev.longhand.kernels.kvcache.KvShape;
import dev.longhand.kernels.norm.HeadNorms;
import dev.longhand.kernels.rope.RopeTable;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.Optional;

/**
 * RoPE, KV append and causal attention together, since only attention can see what was appended.
 * Two sequences of {@code positions} and half as many positions fill a paged cache, out of page
 * order and in the second of two layers; attention is checked for every row.
 *
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim elements per head
 * @param positions length of the longer sequence
 * @param kvDtype how keys and values are kept
 * @param options the family's attention
 * @param normed whether the heads of queries and keys take an RMSNorm
 */
public record AttentionCase(
        int heads,
        int kvHeads,
        int headDim,
        int positions,
        DType kvDtype,
        AttentionOptions options,
        boolean normed)
        implements OpCase {
    private static final int LAYER = 1;
    private static final float EPS = 1e-6f;

    /** Ordinary attention. */
    public AttentionCase(int heads, int kvHeads, int headDim, int positions, DType kvDtype) {
        this(heads, kvHeads, headDim, positions, kvDtype, AttentionOptions.of(headDim), false);
    }

    @Override
    public String name() {
        String name =
                "attention %d/%d heads of %d, %d positions, KV %s"
                        .formatted(heads, kvHeads, headDim, positions, kvDtype);
        return name
                + (options.window() > 0 ? ", window " + options.window() : "")
                + (options.cap() > 0 ? ", cap " + options.cap() : "")
                + (normed ? ", normed" : "");
    }

    private int shorter() {
        return Math.max(1, positions / 2);
    }

    private int rows() {
        return positions + shorter();
    }

    private int width() {
        return (heads + 2 * kvHeads) * headDim;
    }

    @Override
    public long flops() {
        return 4L * heads * headDim * pairs();
    }

    private long pairs() {
        return ((long) positions * (positions + 1) + (long) shorter() * (shorter() + 1)) / 2;
    }

    @Override
    public long bytes() {
        return 4L * rows() * (width() + heads * headDim)
                + rows() * new KvShape(1, 1, kvHeads, headDim, kvDtype).bytesPerPosition();
    }

    private float[] qkv() {
        return CaseData.normal(name(), rows() * width(), 1);
    }

    private float[] norm(String which) {
        float[] weights = CaseData.normal(name() + which, headDim, 0.3f);
        for (int i = 0; i < headDim; i++) {
            weights[i] += 1;
        }
        return weights;
    }

    private HostTensor rope(Arena arena) {
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) Math.pow(10_000, -2.0 * i / headDim);
        }
        return RopeTable.build(arena, frequencies, 1, positions);
    }

    @Override
    public Optional<String> refusal(ComputeBackend backend) {
        return backend.capabilities().refusal(new KvShape(2, 1, kvHeads, headDim, kvDtype), heads);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend, rows(), heads * headDim, null, prepared -> build(backend, prepared));
    }

    private Runnable build(ComputeBackend backend, PreparedOp prepared) {
        int longerPages = KvShape.pagesFor(positions);
        int pages = longerPages + KvShape.pagesFor(shorter()) + 1;
        KvCache kv = backend.allocateKv(new KvShape(2, pages, kvHeads, headDim, kvDtype));
        StepBatch batch = backend.allocateBatch(rows(), 2, longerPages);
        prepared.onClose(
                () -> {
                    kv.close();
                    batch.close();
                });
        for (int i = 0; i < longerPages; i++) {
            batch.setPage(0, i, pages - 1 - i);
        }
        for (int i = 0; i < KvShape.pagesFor(shorter()); i++) {
            batch.setPage(1, i, i);
        }
        for (int row = 0; row < rows(); row++) {
            batch.add(0, row < positions ? row : row - positions, row < positions ? 0 : 1);
        }
        Tensor qkv = prepared.place(qkv(), Shape.of(rows(), width()));
        Tensor rope = backend.place(rope(prepared.arena()));
        backend.ropeAppend(qkv, rope, norms(prepared), batch, kv, LAYER);
        return () -> backend.attention(qkv, options, batch, kv, LAYER, prepared.out());
    }

    private @Nullable HeadNorms norms(PreparedOp prepared) {
        return normed
                ? new HeadNorms(
                        prepared.place(norm(" q"), Shape.of(headDim)),
                        prepared.place(norm(" k"), Shape.of(headDim)),
                        EPS)
                : null;
    }

    @Override
    public float[] plain(Precision precision) {
        float[] qkv = qkv();
        float[] result = new float[rows() * heads * headDim];
        try (Arena arena = Arena.ofShared()) {
            HostTensor rope = rope(arena);
            for (int row = 0; row < rows(); row++) {
                int position = row < positions ? row : row - positions;
                for (int head = 0; head < heads + kvHeads; head++) {
                    if (normed) {
                        norm(qkv, row * width() + head * headDim, norm(head < heads ? " q" : " k"));
                    }
                    rotate(qkv, row * width() + head * headDim, rope, position);
                }
                keep(qkv, row * width(), precision);
            }
        }
        for (int row = 0; row < rows(); row++) {
            int first = row < positions ? 0 : positions;
            for (int head = 0; head < heads; head++) {
                attend(qkv, first, row, head, precision, result);
            }
        }
        return result;
    }

    /** Rounds a row's queries as operands, its keys and values as the cache keeps them. */
    private void keep(float[] qkv, int at, Precision precision) {
        Precision kept = kvDtype == DType.F32 ? precision : Precision.BF16;
        int values = (heads + kvHeads) * headDim;
        for (int i = 0; i < width(); i++) {
            Precision own = i < heads * headDim ? precision : kept;
            if (i < values || kvDtype != DType.INT8) {
                qkv[at + i] = own.round(qkv[at + i]);
            }
        }
        if (kvDtype == DType.INT8) {
            for (int head = 0; head < kvHeads; head++) {
                Int8Values.round(qkv, at + values + head * headDim, headDim);
            }
        }
    }

    private void norm(float[] qkv, int at, float[] weights) {
        float squares = 0;
        for (int i = 0; i < headDim; i++) {
            squares += qkv[at + i] * qkv[at + i];
        }
        float scale = 1 / (float) Math.sqrt(squares / headDim + EPS);
        for (int i = 0; i < headDim; i++) {
            qkv[at + i] *= scale * weights[i];
        }
    }

    private void rotate(float[] qkv, int at, HostTensor rope, int position) {
        int half = headDim / 2;
        for (int i = 0; i < half; i++) {
            float cos = rope.get((long) position * headDim + i);
            float sin = rope.get((long) position * headDim + half + i);
            float a = qkv[at + i];
            float b = qkv[at + half + i];
            qkv[at + i] = a * cos - b * sin;
            qkv[at + half + i] = b * cos + a * sin;
        }
    }

    private void attend(
            float[] qkv, int first, int row, int head, Precision precision, float[] result) {
        int query = row * width() + head * headDim;
        int kvHead = head / (heads / kvHeads);
        float[] scores = new float[row - first + 1];
        float max = Float.NEGATIVE_INFINITY;
        int seen = options.first(row - first);
        for (int i = seen; i < scores.length; i++) {
            int key = (first + i) * width() + (heads + kvHead) * headDim;
            float dot = 0;
            for (int j = 0; j < headDim; j++) {
                dot += qkv[query + j] * qkv[key + j];
            }
            float score = dot * options.scale();
            float cap = options.cap();
            scores[i] = cap == 0 ? score : cap * (float) Math.tanh(score / cap);
            max = Math.max(max, scores[i]);
        }
        float sum = 0;
        float[] mixed = new float[headDim];
        for (int i = seen; i < scores.length; i++) {
            float weight = (float) Math.exp(scores[i] - max);
            sum += weight;
            int value = (first + i) * width() + (heads + kvHeads + kvHead) * headDim;
            for (int j = 0; j < headDim; j++) {
                mixed[j] += precision.round(weight) * qkv[value + j];
            }
        }
        for (int j = 0; j < headDim; j++) {
            result[(row * heads + head) * headDim + j] = mixed[j] / sum;
        }
    }
}
