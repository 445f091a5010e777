package dev.longhand.service;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Buffers outside the heap for the bytes of long requests. A few are kept for the next requests;
 * the budgets of their users bound the number of the others. Thread-safe.
 */
final class RequestChunks {
    /** The size of a buffer in bytes. */
    static final int BYTES = 64 << 10;

    private static final int KEPT_MAX = 256;
    private static final ConcurrentLinkedQueue<ByteBuffer> KEPT = new ConcurrentLinkedQueue<>();
    private static final AtomicInteger KEPT_COUNT = new AtomicInteger();

    private RequestChunks() {}

    /** Returns an empty buffer. */
    static ByteBuffer take() {
        ByteBuffer kept = KEPT.poll();
        if (kept == null) {
            return ByteBuffer.allocateDirect(BYTES);
        }
        KEPT_COUNT.decrementAndGet();
        return kept.clear();
    }

    /** Takes a buffer back, which its user may not touch any more. */
    static void giveBack(ByteBuffer buffer) {
        if (KEPT_COUNT.incrementAndGet() <= KEPT_MAX) {
            KEPT.add(buffer);
        } else {
            KEPT_COUNT.decrementAndGet();
        }
    }

    /** Returns the bytes that were put into a buffer. */
    static InputStream stream(ByteBuffer buffer) {
        ByteBuffer bytes = buffer.duplicate().flip();
        return new InputStream() {
            @Override
            public int read() {
                return bytes.hasRemaining() ? bytes.get() & 0xff : -1;
            }

            @Override
            public int read(byte[] to, int offset, int count) {
                if (count == 0) {
                    return 0;
                }
                int part = Math.min(count, bytes.remaining());
                bytes.get(to, offset, part);
                return part == 0 ? -1 : part;
            }
        };
    }
}
