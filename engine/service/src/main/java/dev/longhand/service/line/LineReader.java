package dev.longhand.service.line;

import dev.longhand.engine.error.InputException;
import dev.longhand.service.ByteBudget;
import dev.longhand.service.RequestBuffer;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * Reads lines of limited length from a channel. Each must begin like a JSON object, which is known
 * at its first byte, before a foreign protocol has sent a line. One thread calls {@link #next} and
 * {@link #close}.
 */
final class LineReader implements AutoCloseable {
    private final ReadableByteChannel channel;
    private final int bytesMax;
    private final ByteBuffer buffer = ByteBuffer.allocate(16 << 10).flip();
    private final RequestBuffer line;
    private volatile long lineSinceNanos; // 0 between lines

    LineReader(ReadableByteChannel channel, int bytesMax, ByteBudget budget) {
        this.channel = channel;
        this.bytesMax = bytesMax;
        line = new RequestBuffer(bytesMax, budget);
    }

    /**
     * Reads the next line, without its terminator, empty if it is blank; null at the end of the
     * stream. The line is valid until the next call.
     *
     * @throws InputException if the line exceeds the limit or is no object; the stream cannot be
     *     read further
     * @throws dev.longhand.engine.error.EngineBusyException if the budget is spent; likewise
     */
    @Nullable RequestBuffer next() throws IOException {
        line.clear();
        lineSinceNanos = 0;
        boolean begun = false; // a byte that is not white space
        while (true) {
            if (!buffer.hasRemaining()) {
                buffer.clear();
                int count = channel.read(buffer);
                buffer.flip();
                if (count < 0) {
                    return line.length() == 0 ? null : whole();
                }
            }
            int from = buffer.position();
            int end = from;
            while (end < buffer.limit() && buffer.get(end) != '\n') {
                byte value = buffer.get(end++);
                if (!begun && !isSpace(value)) {
                    begun = true;
                    requireObject(value);
                }
            }
            if (end > from && lineSinceNanos == 0) {
                lineSinceNanos = System.nanoTime() | 1;
            }
            if (!line.append(buffer.array(), from, end - from)) {
                throw new InputException("a request is longer than " + bytesMax + " bytes");
            }
            buffer.position(Math.min(end + 1, buffer.limit()));
            if (end < buffer.limit()) {
                lineSinceNanos = 0;
                if (!begun) {
                    line.clear();
                }
                return whole();
            }
        }
    }

    private RequestBuffer whole() {
        line.complete();
        return line;
    }

    private static boolean isSpace(byte value) {
        return value == ' ' || value == '\t' || value == '\r';
    }

    private static void requireObject(byte first) {
        if (first != '{') {
            throw new InputException("a line must be a JSON object; this is another protocol");
        }
    }

    /** The {@link System#nanoTime} at which an incomplete line began; 0 if none is incomplete. */
    long lineSinceNanos() {
        return lineSinceNanos;
    }

    /** Gives the bytes of the last line back to the budget. */
    @Override
    public void close() {
        line.clear();
    }
}
