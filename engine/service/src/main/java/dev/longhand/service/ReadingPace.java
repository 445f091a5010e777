package dev.longhand.service;

import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * The pace at which all long requests together are read. Virtual threads read them, and the queues
 * of their carriers are not fair: a queue of readers that is never empty keeps both carriers from
 * all other clients for seconds. So readers take turns to pause, and few of them are ready to run.
 */
public final class ReadingPace {
    private static final long PAUSE_NANOS = 200_000;
    private static final Semaphore TURN = new Semaphore(1, true);

    private ReadingPace() {}

    /** Pauses, after the pauses of those who came before. */
    public static void pause() {
        TURN.acquireUninterruptibly();
        try {
            LockSupport.parkNanos(PAUSE_NANOS);
        } finally {
            TURN.release();
        }
    }
}
