package dev.longhand.bench.peers;

import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/**
 * The GGUF tensor types of the comparison: the counterparts of Longhand's weight dtypes, and F32.
 */
enum GgufType {
    F32(0, 1, 4),
    BF16(30, 1, 2),
    /** 32 weights share an f16 scale; codes are signed bytes. */
    Q8_0(8, 32, 34),
    /** 32 weights share an f16 scale; codes are 4 bits with a zero point of 8. */
    Q4_0(2, 32, 18);

    private static final int Q8_MAX = 127;
    private static final int Q4_ZERO = 8;

    private final int id;
    private final int blockWeights;
    private final int blockBytes;

    GgufType(int id, int blockWeights, int blockBytes) {
        this.id = id;
        this.blockWeights = blockWeights;
        this.blockBytes = blockBytes;
    }

    /**
     * Returns the type that is compared with a dtype of weights, or null if llama.cpp has none of
     * its size.
     */
    static @Nullable GgufType beside(DType weights) {
        return switch (weights) {
            case BF16 -> BF16;
            case INT8 -> Q8_0;
            case INT4 -> Q4_0;
            default -> null;
        };
    }

    /** The id of the type in a file. */
    int id() {
        return id;
    }

    /** The number of weights in a block. */
    int blockWeights() {
        return blockWeights;
    }

    /** Returns the size of {@code weights} weights in bytes; they must fill whole blocks. */
    long bytes(long weights) {
        return weights / blockWeights * blockBytes;
    }

    /** Writes a block of weights. */
    void encode(float[] block, ByteBuffer out) {
        switch (this) {
            case F32 -> out.putFloat(block[0]);
            case BF16 -> out.putShort(BFloat16.bits(block[0]));
            case Q8_0 -> encodeQ8(block, out);
            case Q4_0 -> encodeQ4(block, out);
        }
    }

    private static void encodeQ8(float[] block, ByteBuffer out) {
        float largest = Math.abs(largest(block));
        float scale = largest / Q8_MAX;
        out.putShort(Float.floatToFloat16(scale));
        for (float weight : block) {
            out.put((byte) (scale == 0 ? 0 : Math.round(weight / scale)));
        }
    }

    /** Encodes a block so that the weight of largest magnitude gets code 0, the most negative. */
    private static void encodeQ4(float[] block, ByteBuffer out) {
        float scale = largest(block) / -Q4_ZERO;
        out.putShort(Float.floatToFloat16(scale));
        int half = block.length / 2;
        for (int i = 0; i < half; i++) {
            out.put((byte) (q4(block[i], scale) | q4(block[i + half], scale) << 4));
        }
    }

    private static int q4(float weight, float scale) {
        return scale == 0 ? Q4_ZERO : Math.clamp((int) (weight / scale + Q4_ZERO + 0.5f), 0, 15);
    }

    /** Returns the weight of largest magnitude, with its sign. */
    private static float largest(float[] block) {
        float largest = 0;
        for (float weight : block) {
            largest = Math.abs(weight) > Math.abs(largest) ? weight : largest;
        }
        return largest;
    }
}
