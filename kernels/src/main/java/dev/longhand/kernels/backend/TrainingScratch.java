package dev.longhand.kernels.backend;

import dev.longhand.kernels.attention.CausalAttention;

/** Memory that the C kernels of training allocate beside their tensors. */
public final class TrainingScratch {
    /** The largest of one thread: {@code backward_scratch} in attention_backward.c. */
    private static final long THREAD_BYTES = 10 * 96 * 256 * 4 + 3 * 96 * 96 * 4 + 2 * 96 * 4;

    private static final int TASKS_PER_THREAD = 2; // of attention_backward.c

    private TrainingScratch() {}

    /**
     * Returns the bytes for sequences of up to as many positions: the scratch of each thread, and
     * the parts of the gradients of keys and values, one for each query head of a round.
     *
     * @param threads 0 is one per processor
     */
    public static long bytes(CausalAttention shape, int threads) {
        int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        int group = shape.heads() / shape.kvHeads();
        int round = Math.min(group, Math.ceilDiv(TASKS_PER_THREAD * count, shape.kvHeads()));
        long keys = (long) shape.positions() * shape.kvHeads() * shape.headDim();
        return count * THREAD_BYTES + 2L * round * keys * Float.BYTES;
    }
}
