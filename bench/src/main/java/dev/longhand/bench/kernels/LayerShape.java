package dev.longhand.bench.kernels;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

/**
 * The sizes of a Qwen2 layer, and the bytes of its weights, adapters and bf16 keys and values.
 *
 * @param hidden width of the residual stream
 * @param heads query heads
 * @param kvHeads key/value heads
 * @param headDim elements per head
 * @param intermediate width of the MLP
 */
record LayerShape(int hidden, int heads, int kvHeads, int headDim, int intermediate) {
    /** A layer of Qwen2.5-32B. */
    static final LayerShape QWEN2_5_32B = new LayerShape(5120, 40, 8, 128, 27_648);

    private static final long ADAPTER_BYTES = 2;
    private static final long KV_BYTES = 2;

    /** Width of the queries of one row. */
    int queryWidth() {
        return heads * headDim;
    }

    /** Width of the keys, or of the values, of one row. */
    int keyWidth() {
        return kvHeads * headDim;
    }

    /** Width of queries, keys and values of one row. */
    int qkvWidth() {
        return queryWidth() + 2 * keyWidth();
    }

    /** Returns the size of one adapter matrix in bytes. */
    static long matrixBytes(int outputs, int inputs) {
        return ADAPTER_BYTES * outputs * inputs;
    }

    /** Returns the size of all weight matrices in bytes. */
    long weightBytes(DType weights) {
        return weights.bytes(Shape.of(qkvWidth(), hidden))
                + weights.bytes(Shape.of(hidden, queryWidth()))
                + weights.bytes(Shape.of(2L * intermediate, hidden))
                + weights.bytes(Shape.of(hidden, intermediate));
    }

    /** Returns the size of an adapter of all matrices in bytes. */
    long adapterBytes(int rank) {
        return ADAPTER_BYTES
                * rank
                * (3L * hidden
                        + qkvWidth()
                        + queryWidth()
                        + hidden
                        + 2L * (hidden + intermediate)
                        + intermediate
                        + hidden);
    }

    /**
     * Returns the size in bytes of the keys and values of {@code positions} positions per sequence.
     */
    long kvBytes(int positions, int sequences) {
        return 2L * keyWidth() * KV_BYTES * positions * sequences;
    }
}
