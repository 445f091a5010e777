package dev.longhand.study.format;

import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.batch.JsonlReader;
import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Reads the records of a JSONL file one by one; gzip is decompressed and blank lines are skipped.
 * The memory is that of one line. One thread uses an instance.
 *
 * @param <T> the kind of record, such as {@link Score}
 */
public final class JsonLines<T> implements Closeable {
    private final Path file;
    private final JsonlReader lines;
    private final Function<JsonLine, T> format;

    private JsonLines(Path file, JsonlReader lines, Function<JsonLine, T> format) {
        this.file = file;
        this.lines = lines;
        this.format = format;
    }

    /**
     * Opens a file.
     *
     * @param format reads a record from a line, for example {@code Score::of}
     * @throws InputException if the file cannot be opened
     */
    public static <T> JsonLines<T> open(Path file, Function<JsonLine, T> format) {
        try {
            JsonlReader lines = JsonlReader.open(file, Generation.LINE_BYTES_MAX);
            return new JsonLines<>(file, lines, format);
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }

    /**
     * Reads all records of a file, which must fit in memory.
     *
     * @throws InputException if a line is invalid; the message names it
     */
    public static <T> List<T> readAll(Path file, Function<JsonLine, T> format) {
        List<T> all = new ArrayList<>();
        try (JsonLines<T> lines = open(file, format)) {
            for (T each = lines.next(); each != null; each = lines.next()) {
                all.add(each);
            }
        }
        return all;
    }

    /**
     * Reads the next record; null after the last.
     *
     * @throws InputException if the line is invalid; the message names file and line
     */
    public @Nullable T next() {
        byte[] line = nextBytes();
        return line == null ? null : format.apply(JsonLine.parse(lines.source(), line));
    }

    /** Reads the next line without parsing it; null after the last. */
    public byte @Nullable [] nextBytes() {
        try {
            return lines.nextFilled();
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }

    /** The number of the last line read, from 1. */
    public long number() {
        return lines.number();
    }

    /** The file and the number of the last line read, as errors name them. */
    public String source() {
        return lines.source();
    }

    /** The number of bytes taken from the file, before decompression. */
    public long storedBytes() {
        return lines.storedBytes();
    }

    @Override
    public void close() {
        try {
            lines.close();
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
    }
}
