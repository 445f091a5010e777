package dev.longhand.training.run;

import dev.longhand.engine.file.Sha256;

import java.nio.ByteBuffer;

/** Random numbers keyed by a text, the same on every machine. Source: Steele et al. 2014. */
final class SplitMix64 {
    private static final long GAMMA = 0x9E3779B97F4A7C15L;

    private long state;

    /** Starts at the first 8 bytes of the SHA-256 of a key. */
    SplitMix64(String key) {
        state = ByteBuffer.wrap(Sha256.bytes(key)).getLong();
    }

    long next() {
        state += GAMMA;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Returns a number from 0, less than 1. */
    double uniform() {
        return (next() >>> 11) * 0x1p-53;
    }

    /** Returns a whole number from 0, less than {@code bound}. */
    int below(int bound) {
        return (int) (uniform() * bound);
    }
}
