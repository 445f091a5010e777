package dev.longhand.engine.decode;

import dev.longhand.engine.generation.Timeouts;

import org.jspecify.annotations.Nullable;

/** The times of one sequence, and the limits that its request sets for them. */
final class SequenceClock {
    private final Timeouts timeouts;
    private final long submittedNanos = System.nanoTime();
    private long begunNanos; // 0: not yet
    private long firstTokenNanos; // 0: not yet

    /** Creates a clock whose sequence is submitted now. */
    SequenceClock(Timeouts timeouts) {
        this.timeouts = timeouts;
    }

    /** Records that the sequence starts now. */
    void begin() {
        begunNanos = System.nanoTime();
    }

    /** Records that the first token was sampled now. */
    void firstToken() {
        firstTokenNanos = System.nanoTime();
    }

    /** Whether the time limit of the whole generation is over. */
    boolean late(long nowNanos) {
        return over(timeouts.totalMillis(), nowNanos);
    }

    /** Whether the time limit of the queue, or of the whole generation, is over. */
    boolean waitedTooLong(long nowNanos) {
        return late(nowNanos) || over(timeouts.queueMillis(), nowNanos);
    }

    private boolean over(@Nullable Long millis, long nowNanos) {
        return millis != null && nowNanos - submittedNanos >= millis * 1_000_000;
    }

    /** Returns the time from the submission to the start, or to now if it has not started. */
    long queuedNanos(long nowNanos) {
        return (begunNanos != 0 ? begunNanos : nowNanos) - submittedNanos;
    }

    /** Returns the time from the start to the first token; 0 without one. */
    long prefillNanos() {
        return firstTokenNanos != 0 ? firstTokenNanos - begunNanos : 0;
    }

    /** Returns the time from the first token to now; 0 without one. */
    long decodeNanos(long nowNanos) {
        return firstTokenNanos != 0 ? nowNanos - firstTokenNanos : 0;
    }
}
