package dev.longhand.kernels.tensor;

/**
 * Floats of eight bits: a sign, 4 bits of exponent with bias 7, 3 of fraction; subnormal numbers,
 * no infinities (OCP 8-bit floating point, E4M3).
 */
public final class E4m3 {
    /** The largest finite value. */
    public static final float MAX = 448;

    private static final int FRACTION_BITS = 3;
    private static final int BIAS = 7;
    private static final int CODE_MAX = 0x7E;
    private static final float SMALLEST = 0x1p-9f;
    private static final float NORMAL_MIN = 0x1p-6f;
    private static final int DROPPED_BITS = 23 - FRACTION_BITS;

    private E4m3() {}

    /** The value of a code. */
    public static float value(int code) {
        int exponent = code >> FRACTION_BITS & 15;
        int fraction = code & 7;
        float magnitude =
                (code & 0x7F) == 0x7F
                        ? Float.NaN
                        : exponent == 0
                                ? fraction * SMALLEST
                                : Math.scalb(1 + fraction / 8f, exponent - BIAS);
        return (code & 0x80) == 0 ? magnitude : -magnitude;
    }

    /**
     * The code of the nearest value, ties to even; larger magnitudes become {@link #MAX}.
     *
     * @param value not NaN
     */
    public static int code(float value) {
        float magnitude = Math.abs(value);
        int sign = (Float.floatToRawIntBits(value) >>> 24) & 0x80;
        if (magnitude >= MAX) {
            return sign | CODE_MAX;
        }
        if (magnitude < NORMAL_MIN) {
            return sign | (int) Math.rint(magnitude / SMALLEST); // 8 is the smallest normal number
        }
        int bits = Float.floatToRawIntBits(magnitude);
        // as in BFloat16: half of the last kept bit, plus that bit itself
        bits += (1 << (DROPPED_BITS - 1)) - 1 + ((bits >>> DROPPED_BITS) & 1);
        return sign | ((bits >>> DROPPED_BITS) - ((127 - BIAS) << FRACTION_BITS));
    }
}
