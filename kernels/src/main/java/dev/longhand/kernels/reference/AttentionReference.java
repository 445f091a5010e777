package dev.longhand.kernels.reference;

import dev.longhand.kernels.attention.AttentionOptions;
import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.norm.RmsNorm;
import dev.longhand.kernels.rope.RopeAppend;
import dev.longhand.kernels.tensor.HostTensor;

import java.util.stream.IntStream;

/** The oracle of attention and of the KV append: plain softmax in double, one row at a time. */
final class AttentionReference {
    private final ReferenceKv kv;
    private final int headDim;
    private final int kvHeads;

    AttentionReference(ReferenceKv kv) {
        this.kv = kv;
        headDim = kv.shape().headDim();
        kvHeads = kv.shape().kvHeads();
    }

    /** Takes the RMSNorm of every head of q and k, in place. */
    void norm(HostTensor qkv, HostTensor query, HostTensor key, float eps, int rows) {
        int heads = RopeAppend.heads(qkv, kv.shape());
        for (int row = 0; row < rows; row++) {
            for (int head = 0; head < heads + kvHeads; head++) {
                long at = row * qkv.shape().width() + (long) head * headDim;
                RmsNorm.reference(qkv, at, head < heads ? query : key, eps, qkv, false);
            }
        }
    }

    void ropeAppend(HostTensor qkv, HostTensor rope, StepBatch batch, int layer) {
        long width = qkv.shape().width();
        int heads = RopeAppend.heads(qkv, kv.shape());
        for (int row = 0; row < batch.rows(); row++) {
            int position = batch.position(row);
            for (int head = 0; head < heads + kvHeads; head++) {
                RopeAppend.rotate(
                        qkv, row * width + (long) head * headDim, rope, position, headDim);
            }
            for (int head = 0; head < kvHeads; head++) {
                long to = kv.at(batch, layer, batch.sequence(row), position, head);
                long key = row * width + (long) (heads + head) * headDim;
                long value = key + (long) kvHeads * headDim;
                kv.store(to, qkv, key, value);
            }
        }
    }

    void attention(
            HostTensor qkv, AttentionOptions options, StepBatch batch, int layer, HostTensor out) {
        int heads = RopeAppend.heads(qkv, kv.shape());
        IntStream.range(0, batch.rows() * heads)
                .parallel()
                .forEach(task -> head(qkv, options, batch, layer, out, task, heads));
    }

    private void head(
            HostTensor qkv,
            AttentionOptions options,
            StepBatch batch,
            int layer,
            HostTensor out,
            int task,
            int heads) {
        int row = task / heads;
        int head = task % heads;
        int sequence = batch.sequence(row);
        int kvHead = head / (heads / kvHeads);
        long query = row * qkv.shape().width() + (long) head * headDim;
        double[] scores = new double[batch.position(row) + 1];
        int first = options.first(batch.position(row));
        double max = Double.NEGATIVE_INFINITY;
        for (int position = first; position < scores.length; position++) {
            long key = kv.at(batch, layer, sequence, position, kvHead);
            double dot = 0;
            for (int i = 0; i < headDim; i++) {
                dot += (double) qkv.get(query + i) * kv.keys().get(key + i);
            }
            scores[position] = options.score(dot);
            max = Math.max(max, scores[position]);
        }
        double sum = 0;
        double[] mixed = new double[headDim];
        for (int position = first; position < scores.length; position++) {
            double weight = Math.exp(scores[position] - max);
            sum += weight;
            long value = kv.at(batch, layer, sequence, position, kvHead);
            for (int i = 0; i < headDim; i++) {
                mixed[i] += weight * kv.values().get(value + i);
            }
        }
        long to = ((long) row * heads + head) * headDim;
        for (int i = 0; i < headDim; i++) {
            out.set(to + i, (float) (mixed[i] / sum));
        }
    }
}
