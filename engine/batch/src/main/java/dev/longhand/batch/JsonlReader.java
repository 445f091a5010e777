package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.UnreadableFileException;

import org.jspecify.annotations.Nullable;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;

/**
 * Reads the lines of a file with their numbers and byte offsets, up to a length limit. One thread
 * uses an instance.
 */
public final class JsonlReader implements Closeable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

    private final Path file;
    private final CountedBytes stored;
    private final InputStream in;
    private final int bytesMax;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int next;
    private int limit;
    private byte[] line = new byte[BUFFER_BYTES];
    private long number;
    private long start;
    private long position;
    private boolean ended;

    /** Counts the bytes that the file itself has given. */
    private static final class CountedBytes extends FilterInputStream {
        private long count;

        CountedBytes(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int value = super.read();
            count += value < 0 ? 0 : 1;
            return value;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int read = super.read(bytes, offset, length);
            count += Math.max(0, read);
            return read;
        }
    }

    private JsonlReader(Path file, CountedBytes stored, InputStream in, int bytesMax) {
        this.file = file;
        this.stored = stored;
        this.in = in;
        this.bytesMax = bytesMax;
    }

    /**
     * Opens a file; one that begins as gzip is decompressed.
     *
     * @param bytesMax the maximum length of a line
     */
    public static JsonlReader open(Path file, int bytesMax) throws IOException {
        CountedBytes stored = new CountedBytes(Files.newInputStream(file));
        try {
            byte[] first = stored.readNBytes(2);
            InputStream whole = new SequenceInputStream(new ByteArrayInputStream(first), stored);
            boolean gzip =
                    first.length == 2
                            && (first[0] & 0xff) == GZIP_FIRST
                            && (first[1] & 0xff) == GZIP_SECOND;
            InputStream in = gzip ? new GZIPInputStream(whole, BUFFER_BYTES) : whole;
            return new JsonlReader(file, stored, in, bytesMax);
        } catch (IOException | RuntimeException e) {
            stored.close();
            throw e;
        }
    }

    /** Opens a file whose bytes are the lines themselves, as they were appended. */
    static JsonlReader openPlain(Path file, int bytesMax) throws IOException {
        CountedBytes stored = new CountedBytes(Files.newInputStream(file));
        return new JsonlReader(file, stored, stored, bytesMax);
    }

    /**
     * Reads the next line, without its terminator; null after the last.
     *
     * @throws InputException if the line exceeds the limit
     */
    public byte @Nullable [] next() throws IOException {
        int length = 0;
        start = position;
        number++;
        while (next < limit || fill()) {
            int end = next;
            while (end < limit && buffer[end] != '\n') {
                end++;
            }
            length = append(length, end);
            if (end < limit) {
                next = end + 1;
                position++;
                return Arrays.copyOf(line, length);
            }
        }
        ended = true;
        return length == 0 ? null : Arrays.copyOf(line, length);
    }

    /** Reads the next line that is not blank; null after the last. */
    public byte @Nullable [] nextFilled() throws IOException {
        byte[] filled = next();
        while (filled != null && isBlank(filled)) {
            filled = next();
        }
        return filled;
    }

    private static boolean isBlank(byte[] line) {
        for (byte each : line) {
            if (each != ' ' && (each < '\t' || each > '\r')) {
                return false;
            }
        }
        return true;
    }

    private boolean fill() throws IOException {
        next = 0;
        limit = Math.max(0, in.read(buffer, 0, buffer.length));
        return limit > 0;
    }

    /** Appends the buffer up to {@code end} to the line, and returns the new length. */
    private int append(int length, int end) {
        int count = end - next;
        if (count > bytesMax - length) {
            throw new InputException("%s: longer than %d bytes".formatted(source(), bytesMax));
        }
        if (length + count > line.length) {
            line = Arrays.copyOf(line, Math.max(length + count, 2 * line.length));
        }
        System.arraycopy(buffer, next, line, length, count);
        next = end;
        position += count;
        return length + count;
    }

    /** The number of the last line read, from 1. */
    public long number() {
        return number;
    }

    /** The file and the number of the last line read, as errors name them. */
    public String source() {
        return file + ":" + number;
    }

    /** The number of bytes taken from the file, before decompression. */
    public long storedBytes() {
        return stored.count;
    }

    /** The byte offset of the last line read. */
    long start() {
        return start;
    }

    /** Whether the last line read has no terminator, because the file ends within it. */
    boolean torn() {
        return ended;
    }

    /** The error for a file that cannot be read. */
    public static InputException unreadable(Path file, IOException cause) {
        return new UnreadableFileException(file, cause);
    }

    @Override
    public void close() throws IOException {
        in.close();
    }
}
