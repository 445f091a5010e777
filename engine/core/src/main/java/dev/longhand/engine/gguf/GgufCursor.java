package dev.longhand.engine.gguf;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A place in the bytes of a GGUF file from which values are read in order, within the bounds. */
final class GgufCursor {
    static final ValueLayout.OfShort I16 =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt I32 =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfFloat F32 =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong I64 =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final MemorySegment bytes;
    private long at;

    GgufCursor(Path file, MemorySegment bytes, long at) {
        this.file = file;
        this.bytes = bytes;
        this.at = at;
    }

    /** Returns the place in the file. */
    long at() {
        return at;
    }

    /** Passes over bytes and returns the place of the first. */
    long skip(long count, String what) {
        if (count < 0 || count > bytes.byteSize() - at) {
            throw new InputException(
                    "%s: truncated: %s reaches beyond the %d bytes of the file"
                            .formatted(file, what, bytes.byteSize()));
        }
        long begin = at;
        at += count;
        return begin;
    }

    int int32(String what) {
        return bytes.get(I32, skip(Integer.BYTES, what));
    }

    long int64(String what) {
        return bytes.get(I64, skip(Long.BYTES, what));
    }

    /** Reads a count of things of at least {@code bytesEach} bytes, which the file must hold. */
    long count(int bytesEach, String what) {
        long count = int64(what);
        if (count < 0 || count > (bytes.byteSize() - at) / bytesEach) {
            throw new InputException(
                    "%s: truncated: %s of %s do not fit into the %d bytes of the file"
                            .formatted(file, what, Long.toUnsignedString(count), bytes.byteSize()));
        }
        return count;
    }

    /** Passes over a string. */
    void skipString(String what) {
        skip(count(1, what), what);
    }

    /**
     * Reads a string.
     *
     * @param bytesMax limit for its length
     */
    String string(int bytesMax, String what) {
        long length = count(1, what);
        if (length > bytesMax) {
            throw new InputException(
                    "%s: %s is longer than %d bytes".formatted(file, what, bytesMax));
        }
        ByteBuffer text = bytes.asSlice(skip(length, what), length).asByteBuffer();
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(text).toString();
        } catch (CharacterCodingException e) {
            throw new InputException(
                    "%s: %s is not UTF-8".formatted(file, ErrorText.line(what)), e);
        }
    }
}
