package dev.longhand.training.data;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.file.UnreadableFileException;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.json.JsonMapper;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/** The rows of a data file: JSON lines, or one JSON array; either may be gzipped. */
final class RowReader implements AutoCloseable {
    private static final int BUFFER_BYTES = 1 << 16;
    private static final int GZIP_FIRST = 0x1f;
    private static final int GZIP_SECOND = 0x8b;

    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                                    .build())
                    .build();

    private final Path file;
    private final @Nullable BufferedReader lines;
    private final @Nullable JsonParser array;
    private long number;

    /**
     * A row that is not parsed yet.
     *
     * @param source file, and line or element
     * @param json one JSON object in UTF-8
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Row(String source, byte[] json) {
        Settings settings() {
            return Settings.parse(source, json);
        }
    }

    private RowReader(Path file, @Nullable BufferedReader lines, @Nullable JsonParser array) {
        this.file = file;
        this.lines = lines;
        this.array = array;
    }

    /**
     * Opens a file.
     *
     * @throws InputException if it cannot be read
     */
    @SuppressWarnings("MustBeClosedChecker") // the reader closes it
    static RowReader open(Path file) {
        try {
            InputStream in = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
            in.mark(2);
            boolean gzip = in.read() == GZIP_FIRST && in.read() == GZIP_SECOND;
            in.reset();
            InputStream text =
                    gzip
                            ? new BufferedInputStream(
                                    new GZIPInputStream(in, BUFFER_BYTES), BUFFER_BYTES)
                            : in;
            if (firstCharacter(text) == '[') {
                JsonParser parser = JSON.createParser(text);
                parser.nextToken();
                return new RowReader(file, null, parser);
            }
            // A new decoder reports malformed bytes; a Charset would replace them by U+FFFD.
            return new RowReader(
                    file,
                    new BufferedReader(
                            new InputStreamReader(text, StandardCharsets.UTF_8.newDecoder())),
                    null);
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
    }

    private static int firstCharacter(InputStream text) throws IOException {
        text.mark(BUFFER_BYTES);
        int first = text.read();
        for (int i = 1; i < BUFFER_BYTES && Character.isWhitespace(first); i++) {
            first = text.read();
        }
        text.reset();
        return first;
    }

    /**
     * Returns the next row, or null after the last.
     *
     * @throws InputException if the file is no JSON array, or cannot be read
     */
    @Nullable Row next() {
        return array == null ? nextLine() : nextElement(array);
    }

    private @Nullable Row nextLine() {
        BufferedReader reader = lines;
        if (reader == null) {
            throw new IllegalStateException("no lines");
        }
        try {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                number++;
                if (!line.isBlank()) {
                    return new Row(file + ":" + number, line.getBytes(StandardCharsets.UTF_8));
                }
            }
            return null;
        } catch (IOException e) {
            throw new InputException(
                    "%s:%d: cannot be read: %s"
                            .formatted(
                                    file,
                                    number + 1,
                                    ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    private @Nullable Row nextElement(JsonParser parser) {
        try {
            if (parser.nextToken() == JsonToken.END_ARRAY) {
                if (parser.nextToken() != null) {
                    throw new InputException(file + ": has text after its JSON array");
                }
                return null;
            }
            number++;
            return new Row(
                    "%s: element %d".formatted(file, number),
                    JSON.writeValueAsBytes(parser.readValueAsTree()));
        } catch (JacksonException e) {
            throw new InputException(
                    "%s: element %d: malformed JSON: %s"
                            .formatted(file, number, ErrorText.json(e.getOriginalMessage())),
                    e);
        }
    }

    @Override
    public void close() {
        try {
            if (lines != null) {
                lines.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (array != null) {
            array.close();
        }
    }
}
