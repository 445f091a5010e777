package dev.longhand.engine.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Builds GGUF files for tests, also such that break the format. */
public final class GgufBytes {
    private static final int ALIGNMENT = 32;

    private int magic = 0x4655_4747;
    private int version = 3;
    private int alignment = ALIGNMENT;
    private final Map<String, byte[]> values = new LinkedHashMap<>();
    private final List<Tensor> tensors = new ArrayList<>();

    /**
     * A tensor.
     *
     * @param extents innermost first
     */
    private record Tensor(String name, int type, long[] extents, byte[] data) {}

    /** Changes the first words. */
    GgufBytes begin(int otherMagic, int otherVersion) {
        magic = otherMagic;
        version = otherVersion;
        return this;
    }

    /** Changes the alignment in the header and in the file. */
    public GgufBytes align(int bytes) {
        alignment = bytes;
        return number("general.alignment", bytes);
    }

    /** Sets a value from its kind and bytes. */
    GgufBytes raw(String key, int kind, byte[] bytes) {
        values.put(key, concat(int32(kind), bytes));
        return this;
    }

    /** Sets a uint32. */
    public GgufBytes number(String key, int number) {
        return raw(key, 4, int32(number));
    }

    /** Sets a float32. */
    public GgufBytes number(String key, float number) {
        return raw(key, 6, int32(Float.floatToIntBits(number)));
    }

    /** Sets a string. */
    public GgufBytes text(String key, String text) {
        return raw(key, 8, string(text));
    }

    /** Sets a list of strings. */
    GgufBytes texts(String key, List<String> texts) {
        byte[][] parts = texts.stream().map(GgufBytes::string).toArray(byte[][]::new);
        return raw(key, 9, concat(int32(8), int64(texts.size()), concat(parts)));
    }

    /** Sets a list of int32s. */
    GgufBytes numbers(String key, int... numbers) {
        ByteBuffer bytes = little(4 * numbers.length);
        for (int number : numbers) {
            bytes.putInt(number);
        }
        return raw(key, 9, concat(int32(5), int64(numbers.length), bytes.array()));
    }

    /** Sets a list of float32s. */
    GgufBytes decimals(String key, float... numbers) {
        ByteBuffer bytes = little(4 * numbers.length);
        for (float number : numbers) {
            bytes.putFloat(number);
        }
        return raw(key, 9, concat(int32(6), int64(numbers.length), bytes.array()));
    }

    GgufBytes remove(String key) {
        Objects.requireNonNull(values.remove(key), key);
        return this;
    }

    /** Adds a tensor, extents innermost first as in the file. */
    public GgufBytes tensor(String name, int type, byte[] data, long... extents) {
        tensors.add(new Tensor(name, type, extents, data));
        return this;
    }

    /** Adds a tensor of F32 zeros, extents innermost first. */
    GgufBytes zeros(String name, long... extents) {
        long elements = 1;
        for (long extent : extents) {
            elements *= extent;
        }
        return tensor(name, 0, new byte[(int) (4 * elements)], extents);
    }

    /** Takes a tensor away, which must be there, and adds others. */
    GgufBytes without(String name) {
        if (!tensors.removeIf(tensor -> tensor.name.equals(name))) {
            throw new IllegalArgumentException(name);
        }
        return this;
    }

    /** Returns the header, up to the data. */
    byte[] header() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(concat(int32(magic), int32(version)));
        out.writeBytes(concat(int64(tensors.size()), int64(values.size())));
        values.forEach((key, value) -> out.writeBytes(concat(string(key), value)));
        long offset = 0;
        for (Tensor tensor : tensors) {
            out.writeBytes(concat(string(tensor.name), int32(tensor.extents.length)));
            for (long extent : tensor.extents) {
                out.writeBytes(int64(extent));
            }
            out.writeBytes(concat(int32(tensor.type), int64(offset)));
            offset += Math.ceilDiv(tensor.data.length, alignment) * (long) alignment;
        }
        return out.toByteArray();
    }

    /** Returns the whole file. */
    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header());
        for (Tensor tensor : tensors) {
            out.writeBytes(new byte[-out.size() & alignment - 1]);
            out.writeBytes(tensor.data);
        }
        return out.toByteArray();
    }

    /** Writes the file. */
    public Path write(Path file) {
        try {
            return Files.write(file, bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ByteBuffer little(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    static byte[] int32(int value) {
        return little(4).putInt(value).array();
    }

    static byte[] int64(long value) {
        return little(8).putLong(value).array();
    }

    static byte[] string(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return concat(int64(bytes.length), bytes);
    }

    static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
