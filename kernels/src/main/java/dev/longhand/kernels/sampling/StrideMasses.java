package dev.longhand.kernels.sampling;

import java.util.Arrays;

/**
 * Probability masses of the strides of a vocabulary: stride s is tokens s, s + 1024, s + 2048, ...
 * A sample is located stride by stride, the order of a device's block: thread s holds stride s, so
 * that neighbouring threads read neighbouring logits.
 */
final class StrideMasses {
    /** Threads of the block of {@code sample.cu}. */
    static final int STRIDES = 1024;

    private long[] masses = new long[0]; // allocated by the host sampler: a device needs none
    private long total;

    void clear() {
        if (masses.length == 0) {
            masses = new long[STRIDES];
        }
        Arrays.fill(masses, 0);
        total = 0;
    }

    void add(int token, long probability) {
        masses[token % STRIDES] += probability;
        total += probability;
    }

    long total() {
        return total;
    }

    long mass(int stride) {
        return masses[stride];
    }
}
