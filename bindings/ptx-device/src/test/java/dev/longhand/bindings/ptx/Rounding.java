package dev.longhand.bindings.ptx;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Rounds exact numbers to a binary format, in any mode.
 *
 * @param precision bits of a mantissa, the leading one too
 * @param least exponent of the smallest normal number
 * @param most exponent of the largest number
 */
record Rounding(int precision, int least, int most) {
    static final Rounding F32 = new Rounding(24, -126, 127);
    static final Rounding F16 = new Rounding(11, -14, 15);
    static final Rounding BF16 = new Rounding(8, -126, 127);

    private static final BigDecimal TWO = BigDecimal.valueOf(2);

    private static BigDecimal power(int exponent) {
        return exponent >= 0
                ? TWO.pow(exponent)
                : BigDecimal.ONE.divide(TWO.pow(-exponent)); // exact: its decimals end
    }

    /** The nearest by the mode; not for zero, whose sign an exact number does not have. */
    double round(BigDecimal exact, RoundingMode mode) {
        int exponent = least;
        BigDecimal magnitude = exact.abs();
        if (magnitude.compareTo(power(least)) >= 0) {
            exponent = Math.getExponent(magnitude.doubleValue());
            exponent = Math.min(exponent, 1023);
            while (magnitude.compareTo(power(exponent)) < 0) {
                exponent--;
            }
            while (magnitude.compareTo(power(exponent + 1)) >= 0) {
                exponent++;
            }
        }
        int unit = exponent - precision + 1;
        BigDecimal steps = exact.multiply(power(-unit)).setScale(0, mode);
        BigDecimal rounded = steps.multiply(power(unit));
        BigDecimal largest = power(most + 1).subtract(power(most - precision + 1));
        if (rounded.abs().compareTo(largest) > 0) {
            boolean negative = exact.signum() < 0;
            boolean inwards =
                    mode == RoundingMode.DOWN
                            || mode == (negative ? RoundingMode.CEILING : RoundingMode.FLOOR);
            double size = inwards ? largest.doubleValue() : Double.POSITIVE_INFINITY;
            return negative ? -size : size;
        }
        return rounded.signum() == 0 ? exact.signum() * 0.0 : rounded.doubleValue();
    }

    /** a b + c, rounded once; a sum that is zero has the sign that the mode gives it. */
    double fma(double a, double b, double c, RoundingMode mode) {
        double plain = Math.fma(a, b, c);
        if (!Double.isFinite(a) || !Double.isFinite(b) || !Double.isFinite(c)) {
            return plain;
        }
        BigDecimal exact = new BigDecimal(a).multiply(new BigDecimal(b)).add(new BigDecimal(c));
        if (exact.signum() != 0) {
            return round(exact, mode);
        }
        boolean productNegative = negative(a) != negative(b);
        if (productNegative == negative(c)) {
            return productNegative ? -0.0 : 0.0;
        }
        return mode == RoundingMode.FLOOR ? -0.0 : 0.0;
    }

    private static boolean negative(double value) {
        return Double.doubleToRawLongBits(value) < 0;
    }

    static float bf16(long bits) {
        return Float.intBitsToFloat((int) bits << 16);
    }

    static float f16(long bits) {
        return Float.float16ToFloat((short) bits);
    }

    /** An f32, rounded to bf16. */
    static long toBf16(float value) {
        double rounded =
                Float.isFinite(value) && value != 0
                        ? BF16.round(new BigDecimal(value), RoundingMode.HALF_EVEN)
                        : value;
        return Float.floatToIntBits((float) rounded) >>> 16;
    }

    static long toF16(float value) {
        return Float.floatToFloat16(value) & 0xffffL;
    }
}
