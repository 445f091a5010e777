package dev.longhand.service.line;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/** Reads lines of limited length from a channel. One thread calls {@link #next}. */
final class LineReader {
    private final ReadableByteChannel channel;
    private final int bytesMax;
    private final ByteBuffer buffer = ByteBuffer.allocate(16 << 10).flip();
    private byte[] line = new byte[1024];
    private volatile long lineSinceNanos; // 0 between lines

    LineReader(ReadableByteChannel channel, int bytesMax) {
        this.channel = channel;
        this.bytesMax = bytesMax;
    }

    /**
     * Reads the next line, without its terminator; null at the end of the stream.
     *
     * @throws InputException if the line exceeds the limit; the stream cannot be read further
     */
    byte @Nullable [] next() throws IOException {
        int length = 0;
        lineSinceNanos = 0;
        while (true) {
            if (!buffer.hasRemaining()) {
                buffer.clear();
                int count = channel.read(buffer);
                buffer.flip();
                if (count < 0) {
                    return length == 0 ? null : Arrays.copyOf(line, length);
                }
            }
            while (buffer.hasRemaining()) {
                byte value = buffer.get();
                if (value == '\n') {
                    lineSinceNanos = 0;
                    return Arrays.copyOf(line, length);
                }
                if (length == bytesMax) {
                    throw new InputException("a request is longer than " + bytesMax + " bytes");
                }
                if (length == line.length) {
                    line = Arrays.copyOf(line, (int) Math.min(2L * length, bytesMax));
                }
                if (length == 0) {
                    lineSinceNanos = System.nanoTime() | 1;
                }
                line[length++] = value;
            }
        }
    }

    /** The {@link System#nanoTime} at which an incomplete line began; 0 if none is incomplete. */
    long lineSinceNanos() {
        return lineSinceNanos;
    }
}
