package dev.longhand.kernels.lora;

/**
 * Dropout before the matrix A of an adapter. The mask is a function of key and element index, so
 * that recomputation repeats it: an element is kept where the upper 24 bits of SplitMix64 (Steele
 * et al., 2014) at key + index are below keep 2^24. Kept elements are divided by keep.
 */
public final class Dropout {
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private Dropout() {}

    /** Returns 64 well-mixed bits. */
    public static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns the factor on an element: 0 or 1 / keep. */
    public static double factor(long key, long index, double keep) {
        return mix(key + index * GOLDEN_RATIO) >>> 40 < (long) (keep * 0x1p24) ? 1 / keep : 0;
    }
}
