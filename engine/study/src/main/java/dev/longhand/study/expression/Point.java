package dev.longhand.study.expression;

import java.nio.charset.StandardCharsets;

/**
 * A point at which expressions are evaluated: each name has a fixed complex value, with a real part
 * from 0.4 to 2.4 and an imaginary part from -0.6 to 0.6.
 *
 * @param index the index of the point
 * @param factor a factor of the values, for functions that differ only over large distances
 */
record Point(int index, double factor) {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;
    private static final double UNIT = 0x1p-53;

    /** Returns the value of a variable. */
    Complex of(String name) {
        long state = (index + 1) * GAMMA;
        for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
            state = mixed(state ^ each);
        }
        double re = (mixed(state) >>> 11) * UNIT;
        double im = (mixed(state + GAMMA) >>> 11) * UNIT;
        return new Complex(0.4 + 2 * re, 1.2 * im - 0.6).times(factor);
    }

    /** The finalizer of SplitMix64. */
    private static long mixed(long value) {
        long z = value + GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
