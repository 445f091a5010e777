package dev.longhand.service;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;

import java.util.Arrays;

/**
 * The bytes of one request. Beyond a small size they, and later the values parsed from them, count
 * against a {@link ByteBudget} until {@link #clear}. One thread uses it.
 */
public final class RequestBuffer {
    /** The size that every connection has without asking, so that small requests always pass. */
    private static final int FREE_BYTES = 64 << 10;

    private static final int FIRST_BYTES = 1 << 10;

    /** Heap of a parsed number: its spelling, a node of each of two trees, a token id. */
    private static final int VALUE_BYTES = 128;

    private static final long RETRY_MILLIS = 1000;

    private final ByteBudget budget;
    private final int bytesMax;
    private byte[] bytes = new byte[FIRST_BYTES];
    private int length;
    private long taken; // from the budget

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
        take(Math.max(0, capacity - FREE_BYTES));
        bytes = Arrays.copyOf(bytes, capacity);
    }

    /** Has at least {@code all} bytes of the budget. */
    private void take(long all) {
        long more = Math.max(0, all - taken);
        if (!budget.take(more)) {
            throw new EngineBusyException("too many requests are being sent", RETRY_MILLIS);
        }
        taken += more;
    }

    /** The number of bytes. */
    public int length() {
        return length;
    }

    /**
     * Returns a copy of the whole request, to be parsed, and drops the bytes. The budget has the
     * heap of the parsed values until {@link #clear}.
     *
     * @throws InputException if no budget holds them
     * @throws EngineBusyException if the budget is spent
     */
    public byte[] whole() {
        long heap = length <= FREE_BYTES ? 0 : 2L * length + VALUE_BYTES * values();
        if (heap > budget.bytesMax()) {
            throw new InputException(
                    "the request has %d values, more than this server's heap holds"
                            .formatted(values()));
        }
        take(heap);
        byte[] whole = Arrays.copyOf(bytes, length);
        bytes = new byte[FIRST_BYTES];
        length = 0;
        return whole;
    }

    /** The number of JSON values at most: each but the first follows one of these. */
    private long values() {
        long values = 1;
        for (int i = 0; i < length; i++) {
            values += bytes[i] == ',' || bytes[i] == ':' || bytes[i] == '[' ? 1 : 0;
        }
        return values;
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
