package dev.longhand.engine.gguf;

import dev.longhand.kernels.tensor.QuantizedMatrix;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A reader of the blocks of one type. It has buffers of its own: each thread needs one. Source:
 * {@code ggml-quants.c} in ggml, {@code dequantize_row}, and {@code quants.py} of the {@code gguf}
 * package.
 */
public sealed interface BlockReader {
    /** Returns a reader of a quantised type. */
    static BlockReader of(GgufType type) {
        return switch (type) {
            case Q4_0 -> new Groups(8, 0, false);
            case Q4_1 -> new Groups(0, 0, true);
            case Q5_0 -> new Groups(16, 1, false);
            case Q5_1 -> new Groups(0, 1, true);
            case Q8_0 -> new Bytes();
            case Q4_K -> new Nested(false);
            case Q5_K -> new Nested(true);
            case Q6_K -> new Nested16();
            case F32, F16, BF16 -> throw new IllegalArgumentException(type + " has no blocks");
        };
    }

    /**
     * Writes a block's weights into a matrix of the type's dtype, with the same values.
     *
     * @param at place of the block in {@code data}
     * @param block index of the block in its row
     * @return whether its scales are finite
     */
    boolean repack(MemorySegment data, long at, QuantizedMatrix matrix, long row, int block);

    private static float f16(MemorySegment data, long at) {
        return Float.float16ToFloat(data.get(GgufCursor.I16, at));
    }

    private static int u8(MemorySegment data, long at) {
        return data.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    /** Q8_0: a scale and 32 signed bytes. */
    final class Bytes implements BlockReader {
        private final int[] codes = new int[32];

        private Bytes() {}

        @Override
        public boolean repack(
                MemorySegment data, long at, QuantizedMatrix matrix, long row, int block) {
            float scale = f16(data, at);
            for (int i = 0; i < codes.length; i++) {
                codes[i] = u8(data, at + Short.BYTES + i) ^ 0x80; // 128 more
            }
            matrix.put(row, block, scale, matrix.zero(row, block), codes);
            return Float.isFinite(scale);
        }
    }

    /**
     * Q4_0, Q4_1, Q5_0, Q5_1: a scale, perhaps a minimum, perhaps the upper bits of the 32 codes,
     * and 16 bytes with the lower 4 bits of codes i and i + 16.
     */
    final class Groups implements BlockReader {
        private final int[] codes = new int[32];
        private final int middle;
        private final int upperBits;
        private final boolean raised;

        /**
         * Creates a reader.
         *
         * @param middle code that stands for 0
         * @param upperBits bits of a code above the lower 4
         * @param raised whether blocks have a minimum
         */
        private Groups(int middle, int upperBits, boolean raised) {
            this.middle = middle;
            this.upperBits = upperBits;
            this.raised = raised;
        }

        @Override
        public boolean repack(
                MemorySegment data, long at, QuantizedMatrix matrix, long row, int block) {
            float scale = f16(data, at);
            float minimum = raised ? f16(data, at + Short.BYTES) : 0;
            int zero = raised ? 0 : matrix.zero(row, block);
            long next = at + (raised ? 2L : 1L) * Short.BYTES;
            int upper = upperBits > 0 ? data.get(GgufCursor.I32, next) : 0;
            long lower = next + (upperBits > 0 ? Integer.BYTES : 0);
            for (int i = 0; i < 16; i++) {
                int both = u8(data, lower + i);
                int low = (both & 15) | ((upper >>> i) & 1) << 4;
                int high = both >>> 4 | ((upper >>> (i + 16)) & 1) << 4;
                codes[i] = low - middle + zero;
                codes[i + 16] = high - middle + zero;
            }
            if (raised) {
                matrix.putRaised(row, block, scale, minimum, codes);
            } else {
                matrix.put(row, block, scale, zero, codes);
            }
            return Float.isFinite(scale) && Float.isFinite(minimum);
        }
    }

    /**
     * Q4_K and Q5_K: factors of scales and minima, 12 bytes with the 6-bit scales and minima of 8
     * groups, perhaps 32 bytes with the fifth bits of codes, and 128 bytes with their lower 4 bits.
     */
    final class Nested implements BlockReader {
        private static final int GROUPS = 8;
        private static final int SCALES = 12;
        private final int[] codes = new int[32];
        private final boolean fiveBits;

        private Nested(boolean fiveBits) {
            this.fiveBits = fiveBits;
        }

        @Override
        public boolean repack(
                MemorySegment data, long at, QuantizedMatrix matrix, long row, int block) {
            float factor = f16(data, at);
            float minimumFactor = f16(data, at + Short.BYTES);
            long scales = at + 2 * Short.BYTES;
            long upper = scales + SCALES;
            long lower = upper + (fiveBits ? codes.length : 0);
            matrix.putFactors(row, block * GROUPS, factor, minimumFactor);
            for (int g = 0; g < GROUPS; g++) {
                for (int i = 0; i < codes.length; i++) {
                    int bits = u8(data, lower + 32L * (g / 2) + i) >>> (g % 2 * 4) & 15;
                    int fifth = fiveBits ? u8(data, upper + i) >>> g & 1 : 0;
                    codes[i] = bits | fifth << 4;
                }
                int scale = sixBits(data, scales, g, 0);
                int minimum = -sixBits(data, scales, g, 4);
                matrix.putNested(row, block * GROUPS + g, scale, minimum, codes);
            }
            return Float.isFinite(factor) && Float.isFinite(minimumFactor);
        }

        /** The scale of a group, or its minimum, which is {@code first} bytes further and bits. */
        private static int sixBits(MemorySegment data, long scales, int group, int first) {
            int at = group % 4 + first;
            if (group < 4) {
                return u8(data, scales + at) & 63;
            }
            int lower = u8(data, scales + 8 + group % 4) >>> first & 15;
            return lower | u8(data, scales + at) >>> 6 << 4;
        }
    }

    /**
     * Q6_K: 128 bytes with the lower 4 bits of codes, 64 with their upper 2 bits, 16 scales and
     * their factor.
     */
    final class Nested16 implements BlockReader {
        private static final int GROUPS = 16;
        private static final int UPPER = 128;
        private static final int SCALES = UPPER + 64;
        private final int[] codes = new int[16];

        private Nested16() {}

        @Override
        public boolean repack(
                MemorySegment data, long at, QuantizedMatrix matrix, long row, int block) {
            float factor = f16(data, at + SCALES + GROUPS);
            int middle = matrix.zero(row, block * GROUPS) - 32;
            matrix.putFactors(row, block * GROUPS, factor, 0);
            for (int g = 0; g < GROUPS; g++) {
                int half = g / 8;
                int quarter = g % 8 / 2;
                long lower = at + 64L * half + 32L * (quarter % 2) + 16L * (g % 2);
                long upper = at + UPPER + 32L * half + 16L * (g % 2);
                for (int i = 0; i < codes.length; i++) {
                    int bits = u8(data, lower + i) >>> (4 * (quarter / 2)) & 15;
                    int high = u8(data, upper + i) >>> (2 * quarter) & 3;
                    codes[i] = (bits | high << 4) + middle;
                }
                byte scale = data.get(ValueLayout.JAVA_BYTE, at + SCALES + g);
                matrix.putNested(row, block * GROUPS + g, scale, 0, codes);
            }
            return Float.isFinite(factor);
        }
    }
}
