package dev.longhand.study.perturb;

import dev.longhand.engine.file.Sha256;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * A reproducible stream of random numbers: SplitMix64, whose state begins as the first 8 bytes of
 * the SHA-256 of {@code SEED:OP:ID}. The streams of different samples are independent, so that a
 * sample is perturbed alike in every file.
 */
public final class SeededStream {
    private static final double UNIT = 0x1p-53;

    private long state;

    /** Creates the stream of an operator for a sample. */
    public SeededStream(long seed, String operator, String id) {
        state = ByteBuffer.wrap(Sha256.bytes(seed + ":" + operator + ":" + id)).getLong();
    }

    long state() {
        return state;
    }

    long next() {
        state += 0x9E3779B97F4A7C15L;
        long z = state;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }

    /** Draws a number from 0 to below 1. */
    public double uniform() {
        return (next() >>> 11) * UNIT;
    }

    /** Draws a whole number from 0 to below {@code n}. */
    public int below(int n) {
        return (int) (uniform() * n);
    }

    /**
     * Chooses a share of {@code n} items, rounded half up. With the same seed, a larger share
     * contains every smaller one.
     *
     * @param ratio from 0 to 1
     * @return the chosen indexes, ascending
     */
    public int[] choose(int n, double ratio) {
        return chooseCount(n, (int) (ratio * n + 0.5));
    }

    /** Chooses {@code count} of {@code n} items; returns their indexes, ascending. */
    int[] chooseCount(int n, int count) {
        int[] items = IntStream.range(0, n).toArray();
        for (int a = 0; a < count; a++) {
            int other = a + below(n - a);
            int item = items[a];
            items[a] = items[other];
            items[other] = item;
        }
        int[] chosen = Arrays.copyOf(items, count);
        Arrays.sort(chosen);
        return chosen;
    }
}
