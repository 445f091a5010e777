package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * JSON with limits on depth and size. Duplicate keys and anything after the value are refused,
 * because two readers of such a file would not agree on what it says.
 */
public final class Json {
    /** Deeper than any file of a checkpoint or any sensible tool schema. */
    private static final int DEPTH_MAX = 64;

    private static final int NAME_CHARS_MAX = 4096;
    private static final int NUMBER_CHARS_MAX = 100;

    /** Holds the longest real chat templates (about 20 kB) many times over. */
    private static final int STRING_CHARS_MAX = 4 << 20;

    private static final JsonFactory FACTORY = factory(STRING_CHARS_MAX);

    private static final JsonMapper MAPPER =
            JsonMapper.builder(FACTORY)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
                    .build();

    private Json() {}

    /**
     * A factory for streaming parsers with the limits above, for files whose key set is data
     * (tensor names, vocabularies): keys are not interned.
     */
    public static JsonFactory streaming() {
        return FACTORY;
    }

    private static JsonFactory factory(int stringCharsMax) {
        return JsonFactory.builder()
                .streamReadConstraints(
                        StreamReadConstraints.builder()
                                .maxNestingDepth(DEPTH_MAX)
                                .maxNameLength(NAME_CHARS_MAX)
                                .maxNumberLength(NUMBER_CHARS_MAX)
                                .maxStringLength(stringCharsMax)
                                .build())
                .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
                .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                .build();
    }

    /**
     * The value in {@code file}.
     *
     * @param bytesMax refuses longer files, so that a hostile one cannot fill the heap
     * @throws InputException if it cannot be read, is too long or is not JSON
     */
    public static JsonNode read(Path file, int bytesMax) {
        return parse(file.toString(), bytes(file, bytesMax));
    }

    /**
     * The bytes of {@code file}.
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
     * The value in {@code json}, UTF-8.
     *
     * @param source what the error message calls it
     * @throws InputException if it is not JSON, or not UTF-8: Jackson would put U+FFFD in its place
     */
    public static JsonNode parse(String source, byte[] json) {
        try {
            String text =
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(json)).toString();
            JsonNode value = MAPPER.readTree(text);
            if (value.isMissingNode()) {
                throw new InputException(source + ": malformed JSON: empty");
            }
            return value;
        } catch (CharacterCodingException e) {
            throw new InputException(source + ": malformed JSON: not UTF-8", e);
        } catch (JacksonException e) {
            throw malformed(source, e);
        }
    }

    /** The error for JSON that Jackson refused, with the place where it did. */
    public static InputException malformed(String source, JacksonException cause) {
        var where = cause.getLocation();
        String at =
                where == null || where.getLineNr() < 0
                        ? ""
                        : " at line %d, column %d"
                                .formatted(where.getLineNr(), where.getColumnNr());
        return new InputException(
                source + ": malformed JSON" + at + ": " + ErrorText.line(message(cause)), cause);
    }

    private static String message(JacksonException cause) {
        String message = cause.getOriginalMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }
}
