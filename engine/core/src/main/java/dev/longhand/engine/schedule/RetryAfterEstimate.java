package dev.longhand.engine.schedule;

import dev.longhand.engine.decode.Sequence;

import java.util.List;

/**
 * When the next sequence will leave and free its place: written by the device thread, read by
 * whoever is turned away.
 */
final class RetryAfterEstimate {
    /** Assumed before anything was measured. */
    private static final long MILLIS_FIRST = 1000;

    private static final long MILLIS_LEAST = 10;
    private static final long MILLIS_MOST = 60_000;

    /** The weight of a new measurement. */
    private static final double NEW_WEIGHT = 1.0 / 8;

    private double stepNanos;
    private double betweenNanos; // from one that leaves to the next
    private long lastLeftNanos;
    private volatile long millis = MILLIS_FIRST;

    /** Takes in a step of these sequences. */
    void stepped(long nanos, List<Sequence> active) {
        stepNanos += (stepNanos == 0 ? 1 : NEW_WEIGHT) * (nanos - stepNanos);
        int steps = Integer.MAX_VALUE;
        for (int i = 0; i < active.size(); i++) {
            steps = Math.min(steps, active.get(i).outputLeft());
        }
        // The declared output is the longest there may be; most end earlier, as those before did.
        double expected = steps * stepNanos;
        if (betweenNanos > 0) {
            expected = Math.min(expected, betweenNanos);
        }
        if (!active.isEmpty()) {
            millis = Math.clamp((long) (expected / 1e6), MILLIS_LEAST, MILLIS_MOST);
        }
    }

    /** Takes in that a sequence has left. */
    void left(long nowNanos) {
        if (lastLeftNanos != 0) {
            double since = (double) nowNanos - lastLeftNanos;
            betweenNanos += (betweenNanos == 0 ? 1 : NEW_WEIGHT) * (since - betweenNanos);
        }
        lastLeftNanos = nowNanos;
    }

    /** How long until a place is free, in milliseconds. */
    long millis() {
        return millis;
    }
}
