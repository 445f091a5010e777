package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;

import java.util.List;

/**
 * Estimates when the next running sequence will end and make room for another. The device thread
 * writes it; any thread may read {@link #millis}.
 */
final class RetryAfterEstimate {
    /** The estimate before the first step. */
    private static final long MILLIS_FIRST = 1000;

    private static final long MILLIS_LEAST = 10;
    private static final long MILLIS_MOST = 60_000;

    /** The weight of a new measurement. */
    private static final double NEW_WEIGHT = 1.0 / 8;

    private double stepNanos;
    private double betweenNanos; // from the end of one sequence to the end of the next
    private long lastLeftNanos; // when a sequence ended last; 0: never
    private volatile long millis = MILLIS_FIRST;

    /** Records the time of a step and the sequences that are still running after it. */
    void stepped(long nanos, List<Sequence> active) {
        stepNanos += (stepNanos == 0 ? 1 : NEW_WEIGHT) * (nanos - stepNanos);
        int steps = Integer.MAX_VALUE;
        for (int i = 0; i < active.size(); i++) {
            steps = Math.min(steps, active.get(i).outputLeft());
        }
        // The declared output is an upper bound; most sequences end earlier.
        double expected = steps * stepNanos;
        if (betweenNanos > 0) {
            expected = Math.min(expected, betweenNanos);
        }
        if (!active.isEmpty()) {
            millis = Math.clamp((long) (expected / 1e6), MILLIS_LEAST, MILLIS_MOST);
        }
    }

    /** Records that a running sequence has ended. */
    void left(long nowNanos) {
        if (lastLeftNanos != 0) {
            double since = (double) nowNanos - lastLeftNanos;
            betweenNanos += (betweenNanos == 0 ? 1 : NEW_WEIGHT) * (since - betweenNanos);
        }
        lastLeftNanos = nowNanos;
    }

    /** Returns the estimated milliseconds until a running sequence ends; from any thread. */
    long millis() {
        return millis;
    }
}
