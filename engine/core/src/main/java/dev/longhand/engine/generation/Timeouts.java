package dev.longhand.engine.generation;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

/**
 * How long a generation may take, in milliseconds from its submission; null is as long as it takes.
 * One that has not begun in time fails as busy; one that has ends with what it has, for the reason
 * {@link FinishReason#DEADLINE}, within one step.
 *
 * @param queueMillis until it begins
 * @param totalMillis until it ends
 */
public record Timeouts(@Nullable Long queueMillis, @Nullable Long totalMillis) {
    /** The longest that may be asked for: 30 days. */
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

    /** A limit for the whole generation. */
    public static Timeouts total(long millis) {
        return new Timeouts(null, millis);
    }
}
