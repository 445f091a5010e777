package dev.longhand.service;

import dev.longhand.engine.work.Workers;

import java.util.function.Supplier;

/**
 * Runs the work on requests of megabytes on few platform threads. It would otherwise occupy the
 * carriers of virtual threads, on which all other clients wait.
 */
public final class LongRequests {
    /**
     * The longest request that is handled where it is read, in bytes: about a millisecond's work.
     */
    private static final int SHORT_BYTES_MAX = 64 << 10;

    /** Half of the processors, so that decoding has the others. */
    private static final Workers WORKERS =
            new Workers(
                    "longhand-parse", Math.max(1, Runtime.getRuntime().availableProcessors() / 2));

    private LongRequests() {}

    /**
     * Parses a request of {@code bytes} bytes, on this thread if it is short.
     *
     * @throws java.util.concurrent.CancellationException if this thread is interrupted before the
     *     work begins
     */
    public static <T> T parse(int bytes, Supplier<T> work) {
        return bytes <= SHORT_BYTES_MAX ? work.get() : WORKERS.call(work);
    }
}
