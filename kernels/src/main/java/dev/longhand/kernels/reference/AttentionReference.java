package dev.longhand.kernels.reference;

import dev.longhand.kernels.batch.StepBatch;
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

    void attention(HostTensor qkv, StepBatch batch, int layer, HostTensor out) {
        int heads = RopeAppend.heads(qkv, kv.shape());
        IntStream.range(0, batch.rows() * heads)
                .parallel()
                .forEach(task -> head(qkv, batch, layer, out, task / heads, task % heads, heads));
    }

    private void head(
            HostTensor qkv,
            StepBatch batch,
            int layer,
            HostTensor out,
            int row,
            int head,
            int heads) {
        int sequence = batch.sequence(row);
        int kvHead = head / (heads / kvHeads);
        long query = row * qkv.shape().width() + (long) head * headDim;
        double[] scores = new double[batch.position(row) + 1];
        double max = Double.NEGATIVE_INFINITY;
        for (int position = 0; position < scores.length; position++) {
            long key = kv.at(batch, layer, sequence, position, kvHead);
            double dot = 0;
            for (int i = 0; i < headDim; i++) {
                dot += (double) qkv.get(query + i) * kv.keys().get(key + i);
            }
            scores[position] = dot / Math.sqrt(headDim);
            max = Math.max(max, scores[position]);
        }
        double sum = 0;
        double[] mixed = new double[headDim];
        for (int position = 0; position < scores.length; position++) {
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
