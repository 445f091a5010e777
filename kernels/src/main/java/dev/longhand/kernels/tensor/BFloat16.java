package dev.longhand.kernels.tensor;

/** The upper half of a float: 8 exponent and 7 fraction bits. */
public final class BFloat16 {
    private BFloat16() {}

    /** The value after rounding to nearest, ties to even; NaN stays NaN. */
    public static float round(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (Float.isNaN(value)) {
            return Float.intBitsToFloat((bits | 0x0040_0000) & 0xffff_0000);
        }
        // Half of the last kept bit, plus that bit itself so that ties go to even.
        int rounded = bits + 0x7fff + ((bits >>> 16) & 1);
        return Float.intBitsToFloat(rounded & 0xffff_0000);
    }

    /** The 16 bits of the rounded value. */
    public static short bits(float value) {
        return (short) (Float.floatToRawIntBits(round(value)) >>> 16);
    }
}
