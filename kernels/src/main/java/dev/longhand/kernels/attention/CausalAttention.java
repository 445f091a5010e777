package dev.longhand.kernels.attention;

import dev.longhand.kernels.tensor.Tensor;

/**
 * Causal attention of one whole sequence in training, without a KV cache: q, out [positions, heads
 * headDim], k, v [positions, kvHeads headDim]. The forward pass also gives lse [positions, heads],
 * the logarithm of the sum of the exponentials of a query's scaled scores, from which the backward
 * pass recomputes the weights (Dao, "FlashAttention-2", 2023).
 *
 * @param positions length of the sequence
 * @param heads query heads
 * @param kvHeads key/value heads; each serves heads / kvHeads query heads
 * @param headDim elements per head, at most 256
 * @param options the family's attention
 */
public record CausalAttention(
        int positions, int heads, int kvHeads, int headDim, AttentionOptions options) {
    private static final int HEAD_DIM_MAX = 256;

    public CausalAttention {
        if (positions < 1 || heads % kvHeads != 0 || headDim < 2 || headDim > HEAD_DIM_MAX) {
            throw new IllegalArgumentException(
                    "attention of %d positions, %d heads, %d key heads of %d"
                            .formatted(positions, heads, kvHeads, headDim));
        }
    }

    /** Ordinary attention. */
    public CausalAttention(int positions, int heads, int kvHeads, int headDim) {
        this(positions, heads, kvHeads, headDim, AttentionOptions.of(headDim));
    }

    /**
     * Checks the shapes of queries, keys and values or of their gradients.
     *
     * @throws IllegalArgumentException if they do not fit
     */
    public void check(Tensor q, Tensor k, Tensor v) {
        long queries = (long) positions * heads * headDim;
        long keys = (long) positions * kvHeads * headDim;
        if (q.shape().elements() != queries
                || k.shape().elements() != keys
                || v.shape().elements() != keys) {
            throw new IllegalArgumentException(
                    "%s: q %s, k %s, v %s".formatted(this, q.shape(), k.shape(), v.shape()));
        }
    }

    private int query(int position, int head) {
        return (position * heads + head) * headDim;
    }

    private int key(int position, int head) {
        return (position * kvHeads + head / (heads / kvHeads)) * headDim;
    }

    private double dot(double[] a, int i, double[] b, int j) {
        double sum = 0;
        for (int d = 0; d < headDim; d++) {
            sum += a[i + d] * b[j + d];
        }
        return sum;
    }

    /** Computes out and lse in double precision. */
    public void forward(double[] q, double[] k, double[] v, double[] out, double[] lse) {
        double[] scores = new double[positions];
        for (int i = 0; i < positions; i++) {
            for (int head = 0; head < heads; head++) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int j = options.first(i); j <= i; j++) {
                    scores[j] = options.score(dot(q, query(i, head), k, key(j, head)));
                    largest = Math.max(largest, scores[j]);
                }
                double sum = 0;
                for (int j = options.first(i); j <= i; j++) {
                    sum += Math.exp(scores[j] - largest);
                }
                lse[i * heads + head] = largest + Math.log(sum);
                for (int d = 0; d < headDim; d++) {
                    double value = 0;
                    for (int j = options.first(i); j <= i; j++) {
                        value += Math.exp(scores[j] - largest) / sum * v[key(j, head) + d];
                    }
                    out[query(i, head) + d] = value;
                }
            }
        }
    }

    /** Computes dq, dk and dv, which hold zeros, in double precision. */
    public void backward(
            double[] q,
            double[] k,
            double[] v,
            double[] out,
            double[] lse,
            double[] dout,
            double[] dq,
            double[] dk,
            double[] dv) {
        for (int i = 0; i < positions; i++) {
            for (int head = 0; head < heads; head++) {
                int query = query(i, head);
                double delta = dot(dout, query, out, query);
                for (int j = options.first(i); j <= i; j++) {
                    int key = key(j, head);
                    double product = dot(q, query, k, key);
                    double weight = Math.exp(options.score(product) - lse[i * heads + head]);
                    double dscore =
                            weight * (dot(dout, query, v, key) - delta) * options.slope(product);
                    for (int d = 0; d < headDim; d++) {
                        dv[key + d] += weight * dout[query + d];
                        dq[query + d] += dscore * k[key + d];
                        dk[key + d] += dscore * q[query + d];
                    }
                }
            }
        }
    }
}
