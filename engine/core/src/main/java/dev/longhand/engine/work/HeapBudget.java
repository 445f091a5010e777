package dev.longhand.engine.work;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A share of the Java heap for one kind of work, counted in estimated bytes. It refuses instead of
 * waiting, so that requests beyond it hold no memory. Any thread may call.
 */
public final class HeapBudget {
    private final long bytesMax;
    private final AtomicLong taken = new AtomicLong();

    /** Creates a budget of which nothing is taken. */
    public HeapBudget(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /** Returns the size of the budget in bytes. */
    public long bytesMax() {
        return bytesMax;
    }

    /**
     * Takes bytes, to be given back by {@link #giveBack}.
     *
     * @return false if the budget does not hold them; nothing is taken then
     */
    public boolean take(long bytes) {
        if (taken.addAndGet(bytes) <= bytesMax) {
            return true;
        }
        taken.addAndGet(-bytes);
        return false;
    }

    /** Gives back bytes that were taken. */
    public void giveBack(long bytes) {
        taken.addAndGet(-bytes);
    }
}
