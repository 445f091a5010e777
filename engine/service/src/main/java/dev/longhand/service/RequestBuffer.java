package dev.longhand.service;

import dev.longhand.engine.error.EngineBusyException;
import dev.longhand.engine.error.InputException;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * The bytes of one request. Beyond a small size they, later the values parsed from them, and the
 * answer, count against a {@link ByteBudget} until {@link #clear}. One thread uses it at a time.
 *
 * <p>The bytes of long requests are outside the heap, where the garbage collector does not move
 * them while all wait.
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
    private byte[] first = new byte[FIRST_BYTES]; // FREE_BYTES at most
    private final List<ByteBuffer> chunks = new ArrayList<>(); // what follows
    private int length;
    private long values = 1; // JSON values at most: each but the first follows a comma, colon or [
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
        int head = Math.min(count, Math.max(0, FREE_BYTES - length));
        if (length + head > first.length) {
            int doubled = Math.max(2 * first.length, length + head);
            first = Arrays.copyOf(first, Math.min(doubled, FREE_BYTES));
        }
        System.arraycopy(from, offset, first, Math.min(length, first.length), head);
        for (int done = head; done < count; ) {
            if (chunks.isEmpty() || !chunks.getLast().hasRemaining()) {
                addChunk();
            }
            int part = Math.min(count - done, chunks.getLast().remaining());
            chunks.getLast().put(from, offset + done, part);
            done += part;
        }
        length += count;
        for (int i = offset; i < offset + count; i++) {
            values += from[i] == ',' || from[i] == ':' || from[i] == '[' ? 1 : 0;
        }
        return true;
    }

    private void addChunk() {
        take((chunks.size() + 1L) * RequestChunks.BYTES);
        chunks.add(RequestChunks.take());
        ReadingPace.pause();
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
     * Takes the heap of the values that the whole request will be parsed to from the budget, until
     * {@link #clear}.
     *
     * @throws InputException if no budget holds them
     * @throws EngineBusyException if the budget is spent
     */
    public void complete() {
        long heap = length <= FREE_BYTES ? 0 : 2L * length + VALUE_BYTES * values;
        if (heap > budget.bytesMax()) {
            throw new InputException(
                    "the request has %d values, more than this server's heap holds"
                            .formatted(values));
        }
        take(heap);
    }

    /**
     * Takes the heap of the answer from the budget, beyond a small size, until {@link #clear}.
     *
     * @return false, with nothing taken, if no budget holds it beside the request
     * @throws EngineBusyException if the budget is spent
     */
    public boolean reserve(long bytes) {
        if (bytes <= FREE_BYTES) {
            return true;
        }
        if (bytes > budget.bytesMax() - taken) {
            return false;
        }
        take(taken + bytes);
        return true;
    }

    /** Returns the bytes, which are valid until {@link #clear}. */
    public InputStream bytes() {
        List<InputStream> parts = new ArrayList<>();
        parts.add(new ByteArrayInputStream(first, 0, Math.min(length, FREE_BYTES)));
        chunks.forEach(chunk -> parts.add(RequestChunks.stream(chunk)));
        return new SequenceInputStream(Collections.enumeration(parts));
    }

    /** Drops the bytes and gives the budget back. */
    public void clear() {
        chunks.forEach(RequestChunks::giveBack);
        chunks.clear();
        if (first.length > FIRST_BYTES) {
            first = new byte[FIRST_BYTES];
        }
        length = 0;
        values = 1;
        budget.give(taken);
        taken = 0;
    }
}
