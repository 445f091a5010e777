package dev.longhand.bench.serving;

import dev.longhand.bench.cli.TokenProgress;
import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.Usage;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.IntConsumer;

/** A generation read to its end: its token ids and their arrival times. */
final class WatchedGeneration {
    private final long[] nanos;
    private final int[] ids;
    private int count;
    private @Nullable Usage usage;

    private WatchedGeneration(int tokensMax) {
        nanos = new long[tokensMax];
        ids = new int[tokensMax];
    }

    /**
     * Reads a generation to its end.
     *
     * @param tokensMax the maximum number of tokens that the request generates
     * @param observer called with the index of each token when it arrives
     */
    static WatchedGeneration of(Generation generation, int tokensMax, IntConsumer observer)
            throws InterruptedException {
        WatchedGeneration watched = new WatchedGeneration(tokensMax);
        TokenProgress progress = new TokenProgress(tokensMax);
        while (true) {
            switch (generation.next()) {
                case GenerationEvent.TokenEmitted token -> {
                    watched.nanos[watched.count] = System.nanoTime();
                    watched.ids[watched.count] = token.id();
                    observer.accept(watched.count++);
                    progress.generated(watched.count, watched.nanos[watched.count - 1]);
                }
                case GenerationEvent.Finished end -> {
                    watched.usage = end.usage();
                    return watched;
                }
                case GenerationEvent.Failed failed -> throw failed.cause();
                case null -> throw new IllegalStateException("the generation has no end");
            }
        }
    }

    int[] ids() {
        return Arrays.copyOf(ids, count);
    }

    Usage usage() {
        return Objects.requireNonNull(usage);
    }

    /** The times between tokens in milliseconds, in ascending order. */
    double[] pauses() {
        double[] pauses = new double[Math.max(0, count - 1)];
        for (int i = 0; i < pauses.length; i++) {
            pauses[i] = (nanos[i + 1] - nanos[i]) / 1e6;
        }
        Arrays.sort(pauses);
        return pauses;
    }

    /** Returns a percentile of values in ascending order; 0 if there are none. */
    static double percentile(double[] sorted, double share) {
        return sorted.length == 0 ? 0 : sorted[(int) Math.ceil(share * sorted.length) - 1];
    }
}
