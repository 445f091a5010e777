package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

/**
 * Time limits of a generation, in milliseconds from its submission; null is none. A generation that
 * does not start in time fails with an {@link dev.longhand.engine.error.EngineBusyException}. One
 * that does not end in time ends within one step, with {@link FinishReason#DEADLINE} and its output
 * so far.
 *
 * @param queueMillis limit until the first step
 * @param totalMillis limit until the end
 */
public record Timeouts(@Nullable Long queueMillis, @Nullable Long totalMillis) {
    /** Largest limit: 30 days. */
    public static final long MILLIS_MAX = 30L * 24 * 3600 * 1000;

    /** No limits. */
    public static final Timeouts NONE = new Timeouts(null, null);

    public Timeouts {
        require(queueMillis);
        require(totalMillis);
    }

    private static void require(@Nullable Long millis) {
        if (millis != null && (millis < 1 || millis > MILLIS_MAX)) {
            throw new InputException(
                    "a timeout has 1..%d milliseconds, not %d".formatted(MILLIS_MAX, millis));
        }
    }

    /** Limits the whole generation. */
    public static Timeouts total(long millis) {
        return new Timeouts(null, millis);
    }
}
