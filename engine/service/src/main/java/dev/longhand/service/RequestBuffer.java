package dev.longhand.service;

import dev.longhand.engine.error.EngineBusyException;

import java.util.Arrays;

/**
 * The bytes of one request while they arrive. Beyond a small size they count against a {@link
 * ByteBudget} until {@link #clear}. One thread uses it.
 */
public final class RequestBuffer {
    /** The size that every connection has without asking, so that small requests always pass. */
    private static final int FREE_BYTES = 64 << 10;

    private static final int FIRST_BYTES = 1 << 10;
    private static final long RETRY_MILLIS = 1000;

    private final ByteBudget budget;
    private final int bytesMax;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;
    private int taken; // from the budget

    /** Creates an empty buffer for a request of up to {@code bytesMax} bytes. */
    public RequestBuffer(int bytesMax, ByteBudget budget) {
        this.bytesMax = bytesMax;
        this.budget = budget;
    }

    /**
     * Appends bytes; returns false, and appends none, if the request is too long with them.
     *
     * @throws EngineBusyException if the budget is spent
     */
    public boolean append(byte[] from, int offset, int count) {
        if (count > bytesMax - length) {
            return false;
        }
        if (count > bytes.length - length) {
            grow(length + count);
        }
        System.arraycopy(from, offset, bytes, length, count);
        length += count;
        return true;
    }

    private void grow(int needed) {
        int capacity = (int) Math.min(Math.max(2L * bytes.length, needed), bytesMax);
        int more = Math.max(0, capacity - FREE_BYTES) - taken;
        if (!budget.take(more)) {
            throw new EngineBusyException("too many requests are being sent", RETRY_MILLIS);
        }
        taken += more;
        bytes = Arrays.copyOf(bytes, capacity);
    }

    /** The number of bytes. */
    public int length() {
        return length;
    }

    /** Returns a copy of the bytes. */
    public byte[] bytes() {
        return Arrays.copyOf(bytes, length);
    }

    /** Drops the bytes and gives the budget back. */
    public void clear() {
        length = 0;
        budget.give(taken);
        if (taken > 0) {
            bytes = new byte[FIRST_BYTES];
        }
        taken = 0;
    }
}
