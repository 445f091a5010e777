package dev.longhand.study.format;

import dev.longhand.engine.error.InputException;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPOutputStream;

/**
 * Writes a file of JSON lines, compressed if its name ends in {@code .gz}. The file appears, or
 * replaces an older one, when {@link #commit} is called; until then the lines are in a file beside
 * it, which {@link #close} deletes. One thread uses an instance.
 */
public final class JsonLinesWriter implements Closeable {
    private static final int BUFFER_BYTES = 1 << 16;

    private final Path file;
    private final Path part;
    private final OutputStream out;
    private boolean closed;

    private JsonLinesWriter(Path file, Path part, OutputStream out) {
        this.file = file;
        this.part = part;
        this.out = out;
    }

    /**
     * Creates a file.
     *
     * @throws InputException if its folder cannot be written
     */
    public static JsonLinesWriter create(Path file) {
        Path part = file.resolveSibling(file.getFileName() + ".part");
        try {
            OutputStream bytes = Files.newOutputStream(part);
            boolean gzip = file.toString().endsWith(".gz");
            OutputStream out = gzip ? new GZIPOutputStream(bytes, BUFFER_BYTES) : bytes;
            return new JsonLinesWriter(file, part, new BufferedOutputStream(out, BUFFER_BYTES));
        } catch (IOException e) {
            throw new InputException("%s: cannot be written (%s)".formatted(file, e), e);
        }
    }

    /**
     * Writes a line.
     *
     * @param json the line without its terminator
     */
    public void write(String json) {
        try {
            out.write(json.getBytes(StandardCharsets.UTF_8));
            out.write('\n');
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be written".formatted(file), e);
        }
    }

    /** Ends the file and gives it its name. */
    public void commit() {
        try {
            closed = true;
            out.close();
            Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be written".formatted(file), e);
        }
    }

    /** Closes the file; without a commit, its lines are discarded. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            out.close();
            Files.deleteIfExists(part);
        } catch (IOException e) {
            throw new UncheckedIOException("%s: cannot be closed".formatted(file), e);
        }
    }
}
