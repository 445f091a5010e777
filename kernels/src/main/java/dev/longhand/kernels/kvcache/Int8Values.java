package dev.longhand.kernels.kvcache;

import dev.longhand.kernels.tensor.BFloat16;

/**
 * Attention values in 8 bits. Each position has one byte q in -127..127 per dimension of a head and
 * one BF16 scale per {@link #GROUP} dimensions. A value is scale * q, exact in F32. The scale is
 * the group's largest magnitude over 127, rounded up so that nothing is clipped. A group with a NaN
 * or infinity stays non-finite.
 */
public final class Int8Values {
    /** Dimensions that share a scale; the last group of a head may be shorter. */
    public static final int GROUP = 32;

    private Int8Values() {}

    /** Bytes of the value of one head at one position. */
    static int bytes(int headDim) {
        return headDim + Short.BYTES * Math.ceilDiv(headDim, GROUP);
    }

    /**
     * Rounds a head's value, {@code headDim} elements from {@code at}, to what its 8-bit form
     * represents.
     */
    public static void round(float[] elements, int at, int headDim) {
        for (int first = at; first < at + headDim; first += GROUP) {
            roundGroup(elements, first, Math.min(first + GROUP, at + headDim));
        }
    }

    private static void roundGroup(float[] elements, int from, int to) {
        float largest = 0;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, Math.abs(elements[i]));
        }
        float scale = scale(largest);
        for (int i = from; i < to; i++) {
            elements[i] =
                    scale == 0 ? 0 : scale * (float) Math.rint((double) (elements[i] / scale));
        }
    }

    /** The scale of a group with this largest magnitude; 0 instead of a subnormal scale. */
    private static float scale(float largest) {
        float exact = largest / 127;
        if (exact < Float.MIN_NORMAL) {
            return 0;
        }
        float rounded = BFloat16.round(exact);
        return rounded < exact
                ? Float.intBitsToFloat(Float.floatToRawIntBits(rounded) + 0x1_0000)
                : rounded;
    }
}
