package dev.longhand.kernels.kvcache;

import dev.longhand.kernels.tensor.BFloat16;

/**
 * Values of attention in 8 bits: a byte q in -127..127 for each dimension of a head and a BF16
 * scale for every {@link #GROUP} of them, of each position by itself. A value is scale q, exact in
 * F32. The scale is the group's largest magnitude over 127, rounded up, so that nothing is cut off.
 * A group that is not finite stays so.
 */
public final class Int8Values {
    /** Dimensions that share a scale; the last group of a head may be shorter. */
    public static final int GROUP = 32;

    private Int8Values() {}

    /** Bytes that the value of one head at one position takes. */
    static int bytes(int headDim) {
        return headDim + Short.BYTES * Math.ceilDiv(headDim, GROUP);
    }

    /** Rounds a head's value, {@code headDim} elements from {@code at}, to what 8 bits can hold. */
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

    /** 0 instead of a subnormal scale. */
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
