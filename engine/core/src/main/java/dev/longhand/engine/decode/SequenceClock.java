package dev.longhand.engine.decode;

import dev.longhand.engine.generation.Timeouts;
import dev.longhand.engine.generation.Usage;
import dev.longhand.engine.thought.ThoughtTracker;

import org.jspecify.annotations.Nullable;

/** The times of one sequence, and the limits that its request sets for them. */
public final class SequenceClock {
    private final Timeouts timeouts;
    private final long submittedNanos = System.nanoTime();
    private long begunNanos; // 0: not yet
    private long firstTokenNanos; // 0: not yet

    /** Creates a clock whose sequence is submitted now. */
    SequenceClock(Timeouts timeouts) {
        this.timeouts = timeouts;
    }

    /** Whether the sequence has started. */
    public boolean begun() {
        return begunNanos != 0;
    }

    /** Whether this sequence was submitted before another. */
    public boolean isOlderThan(SequenceClock other) {
        return submittedNanos - other.submittedNanos < 0;
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
    public boolean late(long nowNanos) {
        return over(timeouts.totalMillis(), nowNanos);
    }

    /** Whether the time limit of the queue, or of the whole generation, is over. */
    public boolean waitedTooLong(long nowNanos) {
        return late(nowNanos) || over(timeouts.queueMillis(), nowNanos);
    }

    private boolean over(@Nullable Long millis, long nowNanos) {
        return millis != null && nowNanos - submittedNanos >= millis * 1_000_000;
    }

    /** Returns tokens and times of a sequence that ends now. */
    Usage usage(
            int promptTokens,
            int cachedTokens,
            int outputTokens,
            @Nullable ThoughtTracker thought,
            SequenceDraft draft) {
        long now = System.nanoTime();
        return new Usage(
                promptTokens,
                cachedTokens,
                outputTokens,
                thought == null ? 0 : thought.thoughtTokens(),
                thought == null ? outputTokens : thought.answerTokens(),
                draft.drafted(),
                draft.accepted(),
                (begun() ? begunNanos : now) - submittedNanos,
                firstTokenNanos != 0 ? firstTokenNanos - begunNanos : 0,
                firstTokenNanos != 0 ? now - firstTokenNanos : 0);
    }
}
