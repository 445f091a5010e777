package dev.longhand.kernels.sampling;

import java.util.Arrays;

/**
 * Masses of the strides of a vocabulary: stride s is tokens s, s + 1024, s + 2048, ... A draw
 * counts through the vocabulary stride by stride, since that is how the threads of a device's block
 * hold it: thread s reads stride s, and neighbours read neighbouring logits.
 */
final class StrideMasses {
    /** Threads of the device's block; {@code sample.cu}. */
    static final int STRIDES = 1024;

    private long[] masses = new long[0]; // made by the first draw: a device's slots need none
    private long total;

    void clear() {
        if (masses.length == 0) {
            masses = new long[STRIDES];
        }
        Arrays.fill(masses, 0);
        total = 0;
    }

    void add(int token, long weight) {
        masses[token % STRIDES] += weight;
        total += weight;
    }

    long total() {
        return total;
    }

    long mass(int stride) {
        return masses[stride];
    }
}
