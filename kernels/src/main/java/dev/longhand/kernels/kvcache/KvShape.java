package dev.longhand.kernels.kvcache;

import dev.longhand.kernels.tensor.DType;

/**
 * The size of a paged KV cache.
 *
 * @param layers transformer layers
 * @param pages pages in the pool; one page holds {@link #PAGE_POSITIONS} positions of every layer
 * @param kvHeads key/value heads per layer
 * @param headDim elements per head
 * @param dtype {@link DType#F32} (exact), {@link DType#BF16} (half the memory) or {@link
 *     DType#INT8}: keys in BF16, since key biases of Qwen2.5 fill the range of 8 bits, and values
 *     as {@link Int8Values}
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
        if (dtype != DType.F32 && dtype != DType.BF16 && dtype != DType.INT8) {
            throw new IllegalArgumentException("KV is kept in F32, BF16 or INT8, not " + dtype);
        }
    }

    /** The dtype in which keys are stored. */
    public DType keyDtype() {
        return dtype == DType.INT8 ? DType.BF16 : dtype;
    }

    /** Bytes that one position of one sequence takes in all layers, keys and values. */
    public long bytesPerPosition() {
        return keyBytesPerPosition() + valueBytesPerPosition();
    }

    private long keyBytesPerPosition() {
        return (long) layers * kvHeads * headDim * keyDtype().bytes();
    }

    private long valueBytesPerPosition() {
        return dtype == DType.INT8
                ? (long) layers * kvHeads * Int8Values.bytes(headDim)
                : keyBytesPerPosition();
    }

    /** Bytes of the keys of the whole pool. */
    public long keyBytes() {
        return keyBytesPerPosition() * PAGE_POSITIONS * pages;
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
