package dev.longhand.engine.file;

import com.google.gson.JsonElement;

import dev.longhand.engine.error.InputException;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads whole JSON values within the limits of {@link JsonStream}. Refuses duplicate names in an
 * object and text after the value, because two readers of such a file may disagree about it.
 */
public final class Json {
    private Json() {}

    /**
     * Reads the value in {@code file}.
     *
     * @param bytesMax limit for the file, so that a hostile one cannot fill the heap
     * @throws InputException if it cannot be read, is too long or is not JSON
     */
    public static JsonElement read(Path file, int bytesMax) {
        return parse(file.toString(), bytes(file, bytesMax));
    }

    /**
     * Reads the bytes of {@code file}.
     *
     * @throws InputException if it cannot be read or is longer than {@code bytesMax}
     */
    public static byte[] bytes(Path file, int bytesMax) {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(bytesMax);
            if (in.read() >= 0) {
                throw new InputException(
                        "%s: longer than the limit of %d bytes".formatted(file, bytesMax));
            }
            return bytes;
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
    }

    /**
     * Parses {@code json}, UTF-8.
     *
     * @param source name of the JSON in error messages
     * @throws InputException if it is not JSON or not UTF-8
     */
    public static JsonElement parse(String source, byte[] json) {
        return parse(source, new ByteArrayInputStream(json));
    }

    /**
     * Parses {@code json}, UTF-8, which is closed.
     *
     * @param source name of the JSON in error messages
     * @throws InputException if it is not JSON or not UTF-8
     */
    public static JsonElement parse(String source, InputStream json) {
        try (JsonStream stream = new JsonStream(source, json)) {
            JsonElement value = stream.tree();
            stream.end();
            return value;
        }
    }

    /** Whether a value is a number without fraction and exponent. */
    public static boolean isWhole(JsonElement value) {
        return value.isJsonPrimitive()
                && value.getAsJsonPrimitive().isNumber()
                && isWhole(value.getAsString());
    }

    /** Whether the spelling of a number has neither fraction nor exponent. */
    public static boolean isWhole(String number) {
        return number.chars().noneMatch(c -> c == '.' || c == 'e' || c == 'E');
    }
}
