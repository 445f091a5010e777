package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.UnreadableFileException;

import org.jspecify.annotations.Nullable;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the lines of a file with their numbers and byte offsets, up to a length limit. */
final class JsonlReader implements Closeable {
    private final Path file;
    private final InputStream in;
    private final int bytesMax;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private long number;
    private long start;
    private long position;
    private boolean ended;

    private JsonlReader(Path file, InputStream in, int bytesMax) {
        this.file = file;
        this.in = in;
        this.bytesMax = bytesMax;
    }

    static JsonlReader open(Path file, int bytesMax) throws IOException {
        return new JsonlReader(file, new BufferedInputStream(Files.newInputStream(file)), bytesMax);
    }

    /**
     * Reads the next line, without its terminator; null after the last.
     *
     * @throws InputException if the line exceeds the limit
     */
    byte @Nullable [] next() throws IOException {
        line.reset();
        start = position;
        number++;
        for (int value = in.read(); value >= 0; value = in.read()) {
            position++;
            if (value == '\n') {
                return line.toByteArray();
            }
            if (line.size() == bytesMax) {
                throw new InputException(
                        "%s:%d: longer than %d bytes".formatted(file, number, bytesMax));
            }
            line.write(value);
        }
        ended = true;
        return line.size() == 0 ? null : line.toByteArray();
    }

    /** The number of the last line read, from 1. */
    long number() {
        return number;
    }

    /** The byte offset of the last line read. */
    long start() {
        return start;
    }

    /** Whether the last line read has no terminator, because the file ends within it. */
    boolean torn() {
        return ended;
    }

    static InputException unreadable(Path file, IOException cause) {
        return new UnreadableFileException(file, cause);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
