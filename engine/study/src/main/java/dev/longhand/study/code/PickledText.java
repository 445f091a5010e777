package dev.longhand.study.code;

import dev.longhand.engine.error.InputException;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.zip.InflaterInputStream;

/**
 * A Python string as LiveCodeBench stores its private tests: pickled, compressed by zlib, in
 * base64. Only the instructions of a pickle that make one string are known; nothing is executed.
 */
final class PickledText {
    private static final int BYTES_MAX = 256 << 20;

    private PickledText() {}

    /**
     * Decodes a string.
     *
     * @throws InputException if the text is not in this form, or longer than 256 MiB
     */
    static String decode(String text) {
        try {
            byte[] packed = Base64.getMimeDecoder().decode(text);
            byte[] pickle;
            try (InflaterInputStream in =
                    new InflaterInputStream(new ByteArrayInputStream(packed))) {
                pickle = in.readNBytes(BYTES_MAX);
            }
            return string(ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IllegalArgumentException | IOException | java.nio.BufferUnderflowException e) {
            throw refused();
        }
    }

    private static String string(ByteBuffer pickle) {
        String read = null;
        while (true) {
            switch (pickle.get() & 0xff) {
                case 0x80 -> pickle.get(); // PROTO
                case 0x95 -> pickle.getLong(); // FRAME
                case 'X' -> read = utf8(pickle, pickle.getInt()); // BINUNICODE
                case 0x8c -> read = utf8(pickle, pickle.get() & 0xff); // SHORT_BINUNICODE
                case 0x8d -> read = utf8(pickle, pickle.getLong()); // BINUNICODE8
                case 0x94 -> {} // MEMOIZE
                case 'q' -> pickle.get(); // BINPUT
                case 'r' -> pickle.getInt(); // LONG_BINPUT
                case '.' -> { // STOP
                    if (read == null) {
                        throw refused();
                    }
                    return read;
                }
                default -> throw refused();
            }
        }
    }

    private static String utf8(ByteBuffer pickle, long bytes) {
        if (bytes < 0 || bytes > pickle.remaining()) {
            throw refused();
        }
        byte[] text = new byte[(int) bytes];
        pickle.get(text);
        return new String(text, StandardCharsets.UTF_8);
    }

    private static InputException refused() {
        return new InputException("private_test_cases is neither JSON nor a pickled string");
    }
}
