package dev.longhand.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's formats of a float; digits are those of its exact value, rounded half to even. */
final class FloatFormat {
    private FloatFormat() {}

    static String fixed(double value, int digits) {
        if (!Double.isFinite(value)) {
            return PythonNumbers.text(value);
        }
        String text =
                new BigDecimal(value).setScale(digits, RoundingMode.HALF_EVEN).toPlainString();
        return 1 / value < 0 && !text.startsWith("-") ? "-" + text : text;
    }

    static String exponential(double value, int digits) {
        if (!Double.isFinite(value)) {
            return PythonNumbers.text(value);
        }
        BigDecimal exact = new BigDecimal(value).round(context(digits + 1));
        int exponent = value == 0 ? 0 : exact.precision() - exact.scale() - 1;
        String text =
                exact.movePointLeft(exponent)
                        .setScale(digits, RoundingMode.HALF_EVEN)
                        .toPlainString();
        return text + exponent(exponent);
    }

    static String general(double value, int digits) {
        if (!Double.isFinite(value)) {
            return PythonNumbers.text(value);
        }
        if (value == 0) {
            return 1 / value < 0 ? "-0" : "0";
        }
        int significant = Math.max(1, digits);
        BigDecimal rounded = new BigDecimal(value).round(context(significant)).stripTrailingZeros();
        int exponent = rounded.precision() - rounded.scale() - 1;
        if (exponent >= -4 && exponent < significant) {
            return rounded.toPlainString();
        }
        return rounded.movePointLeft(exponent).stripTrailingZeros().toPlainString()
                + exponent(exponent);
    }

    private static MathContext context(int digits) {
        return new MathContext(digits, RoundingMode.HALF_EVEN);
    }

    private static String exponent(int exponent) {
        return (exponent < 0 ? "e-" : "e+") + "%02d".formatted(Math.abs(exponent));
    }

    /** Returns the whole part of a float. */
    static BigInteger truncated(double value) {
        if (!Double.isFinite(value)) {
            throw TemplateException.value("cannot convert float infinity or NaN to integer");
        }
        return new BigDecimal(value).toBigInteger();
    }
}
