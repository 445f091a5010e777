package dev.longhand.kernels.cases;

/**
 * A row of activations as the C kernels round it for quantised weights: integers of 16 bits that
 * share a scale by groups of 32, the group's largest magnitude over 32767. The error is at most
 * 2^-16 of that magnitude; groups of less than 2^-100 become zeros.
 */
public final class RoundedActivations {
    /** Activations that share a scale. */
    public static final int GROUP = 32;

    private static final int LARGEST = Short.MAX_VALUE;
    private static final float SMALLEST = 0x1p-100f;

    private final int[] integers;
    private final float[] scales;

    /** Rounds {@code width} activations from x[first] on, all finite. */
    public RoundedActivations(float[] x, int first, int width) {
        integers = new int[width];
        scales = new float[Math.ceilDiv(width, GROUP)];
        for (int group = 0; group < scales.length; group++) {
            int end = Math.min(width, (group + 1) * GROUP);
            float magnitude = 0;
            for (int k = group * GROUP; k < end; k++) {
                magnitude = Math.max(magnitude, Math.abs(x[first + k]));
            }
            if (magnitude < SMALLEST) {
                continue;
            }
            scales[group] = magnitude / LARGEST;
            float inverse = LARGEST / magnitude;
            for (int k = group * GROUP; k < end; k++) {
                integers[k] = (int) Math.rint(x[first + k] * inverse);
            }
        }
    }

    /** Activation k in units of its group's scale. */
    public int integer(int k) {
        return integers[k];
    }

    /** The scale of the activations from 32 {@code group} on. */
    public float scale(int group) {
        return scales[group];
    }

    /** Activation k after rounding. */
    public float value(int k) {
        return scales[k / GROUP] * integers[k];
    }
}
