package dev.longhand.service.line;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;

/** Lines of bytes from a channel, none longer than a limit. */
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
     * The next line without its end, or null at the end of the stream.
     *
     * @throws InputException if it is longer than the limit; the rest of the stream is of no use
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

    /** Since when a line is incomplete, by {@link System#nanoTime}; 0 if none is. */
    long lineSinceNanos() {
        return lineSinceNanos;
    }
}
