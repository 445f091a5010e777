package dev.longhand.service;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A budget of heap bytes for requests, shared by all connections of a service: many half-sent or
 * many long requests together must not fill the heap. Safe for use by several threads.
 */
public final class ByteBudget {
    private static final int HEAP_SHARE = 4;
    private static final long BYTES_MIN = 8 << 20;

    private final long bytesMax;
    private final AtomicLong left;

    /** Creates a budget of {@code bytes}. */
    public ByteBudget(long bytes) {
        bytesMax = bytes;
        left = new AtomicLong(bytes);
    }

    /** Returns a budget of a quarter of the heap, at least 8 MiB. */
    static ByteBudget ofHeap() {
        return new ByteBudget(Math.max(Runtime.getRuntime().maxMemory() / HEAP_SHARE, BYTES_MIN));
    }

    /** The size of the budget in bytes. */
    long bytesMax() {
        return bytesMax;
    }

    /** Takes bytes; returns false, and takes none, if fewer are left. */
    public boolean take(long bytes) {
        if (left.addAndGet(-bytes) >= 0) {
            return true;
        }
        left.addAndGet(bytes);
        return false;
    }

    /** Gives taken bytes back. */
    public void give(long bytes) {
        left.addAndGet(bytes);
    }
}
