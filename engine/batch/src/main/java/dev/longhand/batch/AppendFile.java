package dev.longhand.batch;

import dev.longhand.engine.error.InputException;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * An append-only file of lines. If the process dies during a write, the last line is incomplete;
 * {@link #read} leaves it out, and {@link #cut} removes it. A write that fails leaves no partial
 * line. One thread uses it.
 */
public final class AppendFile implements Closeable {
    private final Path path;
    private final FileChannel channel;
    private long size;

    /** Receives the lines that the file already holds. */
    public interface LineConsumer {
        /**
         * Receives a line.
         *
         * @param number the line number, from 1
         * @param start the byte offset of the line
         */
        void line(long number, long start, byte[] line);
    }

    private AppendFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /**
     * Opens a file; creates it if absent.
     *
     * @throws InputException if it cannot be written
     */
    public static AppendFile open(Path path) {
        try {
            return new AppendFile(
                    path,
                    FileChannel.open(
                            path,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE));
        } catch (NoSuchFileException e) {
            throw new InputException(path + ": the folder does not exist", e);
        } catch (IOException e) {
            throw new InputException("%s: cannot be opened (%s)".formatted(path, reason(e)), e);
        }
    }

    /**
     * Passes all complete lines on. Call it once, then {@link #cut} to the lines to keep, before
     * any append.
     */
    public void read(LineConsumer consumer) {
        try (JsonlReader lines = JsonlReader.openPlain(path, Generation.LINE_BYTES_MAX)) {
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (lines.torn()) {
                    break;
                }
                consumer.line(lines.number(), lines.start(), line);
                size = lines.start() + line.length + 1;
            }
        } catch (IOException e) {
            throw JsonlReader.unreadable(path, e);
        }
    }

    /** The size in bytes, without an incomplete last line. */
    public long size() {
        return size;
    }

    /**
     * Appends whole lines.
     *
     * @throws UncheckedIOException if the write fails; then none of the lines is kept
     */
    public void append(String lines) {
        append(StandardCharsets.UTF_8.encode(lines));
    }

    /**
     * Appends whole lines.
     *
     * @throws UncheckedIOException if the write fails; then none of the lines is kept
     */
    public void append(ByteBuffer bytes) {
        int count = bytes.remaining();
        try {
            long position = size;
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
            size += count;
        } catch (IOException e) {
            UncheckedIOException failure = failed("written", e);
            try {
                channel.truncate(size);
            } catch (IOException again) {
                failure.addSuppressed(again); // the next start removes the partial line
            }
            throw failure;
        }
    }

    /** Forces everything appended to the disk. */
    public void force() {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw failed("written", e);
        }
    }

    /** Reads back a line that was appended or restored. */
    public byte[] line(long start, int length) {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        try {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, start + bytes.position()) < 0) {
                    throw new IOException("it has become shorter");
                }
            }
        } catch (IOException e) {
            throw failed("read", e);
        }
        return bytes.array();
    }

    /** Removes everything after the first {@code bytes} bytes. */
    public void cut(long bytes) {
        try {
            channel.truncate(bytes);
            size = bytes;
        } catch (IOException e) {
            throw failed("written", e);
        }
    }

    private UncheckedIOException failed(String what, IOException cause) {
        return new UncheckedIOException(
                ("%s: cannot be %s (%s); the lines before are kept, and the same command goes"
                                + " on from there")
                        .formatted(path, what, reason(cause)),
                cause);
    }

    private static String reason(IOException cause) {
        return String.valueOf(cause.getMessage());
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
