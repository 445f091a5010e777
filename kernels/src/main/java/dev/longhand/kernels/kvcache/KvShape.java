package dev.longhand.kernels.kvcache;

import dev.longhand.kernels.tensor.DType;

/**
 * The size of a paged KV cache.
 *
 * @param layers transformer layers
 * @param pages pages in the pool; one page holds {@link #PAGE_POSITIONS} positions of every layer
 * @param kvHeads key/value heads per layer
 * @param headDim elements per head
 * @param dtype {@link DType#F32} (exact) or {@link DType#BF16} (half the memory)
 */
public record KvShape(int layers, int pages, int kvHeads, int headDim, DType dtype) {
    /**
     * Positions per page. It is also the tile of the CPU attention kernel: 64 keys of 64 floats are
     * 16 KiB, half of a 32 KiB first-level cache.
     */
    public static final int PAGE_POSITIONS = 64;

    public KvShape {
        if (layers <= 0 || pages <= 0 || kvHeads <= 0 || headDim <= 0) {
            throw new IllegalArgumentException("KV sizes must be positive");
        }
        if (dtype != DType.F32 && dtype != DType.BF16) {
            throw new IllegalArgumentException("KV is kept in F32 or BF16, not " + dtype);
        }
    }

    /** Bytes that one position of one sequence takes in all layers, keys and values. */
    public long bytesPerPosition() {
        return 2L * layers * kvHeads * headDim * dtype.bytes();
    }

    /** Bytes of one page over all layers. */
    public long bytesPerPage() {
        return bytesPerPosition() * PAGE_POSITIONS;
    }

    /** Bytes of the whole pool. */
    public long bytes() {
        return bytesPerPage() * pages;
    }

    /** Pages that hold {@code positions} positions. */
    public static int pagesFor(int positions) {
        return Math.ceilDiv(positions, PAGE_POSITIONS);
    }
}
