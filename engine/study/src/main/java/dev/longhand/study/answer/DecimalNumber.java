package dev.longhand.study.answer;

import dev.longhand.study.text.PythonPatterns;

import org.jspecify.annotations.Nullable;

import java.util.regex.Pattern;

/** Numbers as Python's {@code float} reads them, with thousands and a percent sign. */
final class DecimalNumber {
    private static final Pattern FLOAT =
            PythonPatterns.of(
                    "[+-]?(\\d+(_\\d+)*\\.?(\\d+(_\\d+)*)?|\\.\\d+(_\\d+)*)([eE][+-]?\\d+(_\\d+)*)?");

    private static final int CHARACTERS_MAX = 1000;

    /** The relative tolerance of the published numbers. */
    private static final double TOLERANCE = 1e-4;

    private DecimalNumber() {}

    /** Returns the value; null if the text is no number. */
    static @Nullable Double parse(String text) {
        String plain = text.replace(",", "").strip();
        Double value = value(plain);
        if (value != null || !plain.endsWith("%")) {
            return value;
        }
        plain = plain.substring(0, plain.length() - 1);
        plain = plain.endsWith("\\") ? plain.substring(0, plain.length() - 1) : plain;
        value = value(plain.strip());
        return value == null ? null : (Double) (value / 100);
    }

    private static @Nullable Double value(String text) {
        if (text.length() > CHARACTERS_MAX || !FLOAT.matcher(text).matches()) {
            return null;
        }
        return Double.valueOf(Integers.ascii(text.replace("_", "")));
    }

    /** Whether two values are equal but for one part in 10,000 of the larger. */
    static boolean close(double a, double b) {
        return a == b
                || (Double.isFinite(a)
                        && Double.isFinite(b)
                        && Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b)));
    }

    /** Whether a value is another, also as a percentage of it or as its percentage. */
    static boolean closeOrPercent(double value, double reference) {
        return close(value, reference / 100)
                || close(value, reference)
                || close(value, reference * 100);
    }
}
