package dev.longhand.bench;

import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.Usage;

import java.util.Arrays;
import java.util.function.IntConsumer;

/** A generation read as it comes: its ids, and when each came. */
final class WatchedGeneration {
    private final long[] nanos;
    private final int[] ids;
    private int count;
    private Usage usage;

    private WatchedGeneration(int tokensMax) {
        nanos = new long[tokensMax];
        ids = new int[tokensMax];
    }

    /**
     * Reads to the end.
     *
     * @param tokensMax that the request asked for
     * @param seen told the number of every token, from 0, when it has come
     */
    static WatchedGeneration of(Generation generation, int tokensMax, IntConsumer seen)
            throws InterruptedException {
        WatchedGeneration watched = new WatchedGeneration(tokensMax);
        while (true) {
            switch (generation.next()) {
                case GenerationEvent.TokenEmitted token -> {
                    watched.nanos[watched.count] = System.nanoTime();
                    watched.ids[watched.count] = token.id();
                    seen.accept(watched.count++);
                }
                case GenerationEvent.Finished end -> {
                    watched.usage = end.usage();
                    return watched;
                }
                case GenerationEvent.Failed failed -> throw failed.cause();
                case null -> throw new IllegalStateException("a generation without an end");
            }
        }
    }

    int[] ids() {
        return Arrays.copyOf(ids, count);
    }

    Usage usage() {
        return usage;
    }

    /** Times between tokens in milliseconds, shortest first. */
    double[] pauses() {
        double[] pauses = new double[Math.max(0, count - 1)];
        for (int i = 0; i < pauses.length; i++) {
            pauses[i] = (nanos[i + 1] - nanos[i]) / 1e6;
        }
        Arrays.sort(pauses);
        return pauses;
    }

    /** Of sorted values. */
    static double percentile(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1];
    }
}
