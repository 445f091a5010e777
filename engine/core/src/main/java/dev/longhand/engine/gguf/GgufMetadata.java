package dev.longhand.engine.gguf;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.ObjIntConsumer;

/**
 * The metadata of a GGUF file by key. Every getter checks the kind of the value; its error names
 * the file and the key. Values are read from the mapped file when they are asked for.
 */
public final class GgufMetadata {
    /** Limit of a string: the longest real ones, chat templates, have 20 kB. */
    private static final int STRING_BYTES_MAX = 4 << 20;

    private final Path file;
    private final MemorySegment bytes;
    private final Map<String, GgufValue> values;

    GgufMetadata(Path file, MemorySegment bytes, Map<String, GgufValue> values) {
        this.file = file;
        this.bytes = bytes;
        this.values = values;
    }

    /** Whether a key is present. */
    public boolean has(String key) {
        return values.containsKey(key);
    }

    /** Returns the keys, in file order. */
    public List<String> keys() {
        return List.copyOf(values.keySet());
    }

    /** Returns the string under a key, if present. */
    public Optional<String> string(String key) {
        GgufValue value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value.list() || value.kind() != GgufValue.Kind.STRING) {
            throw refuse(key, "must be a string");
        }
        return Optional.of(
                new GgufCursor(file, bytes, value.at()).string(STRING_BYTES_MAX, quoted(key)));
    }

    /** Returns the string under a key, which must be present. */
    public String requiredString(String key) {
        return string(key).orElseThrow(() -> refuse(key, "is missing"));
    }

    /** Returns the whole number under a key, if present, from {@code min} to {@code max}. */
    public OptionalInt integer(String key, int min, int max) {
        GgufValue value = values.get(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        OptionalLong number = value.list() ? OptionalLong.empty() : whole(value, 0);
        if (number.isEmpty()) {
            throw refuse(key, "must be a whole number");
        }
        if (number.getAsLong() < min || number.getAsLong() > max) {
            throw refuse(
                    key, "is %d, must be from %d to %d".formatted(number.getAsLong(), min, max));
        }
        return OptionalInt.of((int) number.getAsLong());
    }

    /** Returns the whole number under a key, which must be present. */
    public int requiredInteger(String key, int min, int max) {
        return integer(key, min, max).orElseThrow(() -> refuse(key, "is missing"));
    }

    /** Returns the finite number under a key, if present. */
    public OptionalDouble number(String key) {
        GgufValue value = values.get(key);
        if (value == null) {
            return OptionalDouble.empty();
        }
        double number = value.list() ? Double.NaN : number(value);
        if (!Double.isFinite(number)) {
            throw refuse(key, "must be a finite number");
        }
        return OptionalDouble.of(number);
    }

    /** Returns a number, or NaN if the value is none. */
    private double number(GgufValue value) {
        return switch (value.kind()) {
            case FLOAT32 -> Float.intBitsToFloat(bits32(value, 0));
            case FLOAT64 -> Double.longBitsToDouble(bytes.get(GgufCursor.I64, value.at()));
            default -> {
                OptionalLong number = whole(value, 0);
                yield number.isPresent() ? number.getAsLong() : Double.NaN;
            }
        };
    }

    /** Returns whether the value under a key is true; empty if it is absent. */
    public Optional<Boolean> bool(String key) {
        GgufValue value = values.get(key);
        if (value == null) {
            return Optional.empty();
        }
        if (value.list() || value.kind() != GgufValue.Kind.BOOL) {
            throw refuse(key, "must be true or false");
        }
        return Optional.of(bytes.get(ValueLayout.JAVA_BYTE, value.at()) != 0);
    }

    /** Returns the length of the list under a key; 0 if absent. */
    public int length(String key, int max) {
        GgufValue value = values.get(key);
        if (value == null) {
            return 0;
        }
        if (!value.list()) {
            throw refuse(key, "must be a list");
        }
        if (value.count() > max) {
            throw refuse(key, "is longer than " + max);
        }
        return (int) value.count();
    }

    /** Passes the strings in the list under a key to a consumer, in order, with their indices. */
    public void strings(String key, ObjIntConsumer<String> consumer) {
        GgufValue value = values.get(key);
        if (value == null || !value.list() || value.kind() != GgufValue.Kind.STRING) {
            throw refuse(key, value == null ? "is missing" : "must be a list of strings");
        }
        GgufCursor cursor = new GgufCursor(file, bytes, value.at());
        for (int i = 0; i < value.count(); i++) {
            consumer.accept(cursor.string(STRING_BYTES_MAX, quoted(key)), i);
        }
    }

    /** Returns the strings in the list under a key; empty if absent. */
    public List<String> strings(String key, int lengthMax) {
        List<String> strings = new ArrayList<>();
        if (length(key, lengthMax) > 0) {
            strings(key, (text, _) -> strings.add(text));
        }
        return strings;
    }

    /** Returns a finite number of the list of float32s under a key. */
    public float decimal(String key, int index) {
        GgufValue value = list(key, index);
        float number =
                value.kind() == GgufValue.Kind.FLOAT32
                        ? Float.intBitsToFloat(bits32(value, index))
                        : Float.NaN;
        if (!Float.isFinite(number)) {
            throw refuse(key, "must be a list of finite float32s");
        }
        return number;
    }

    private GgufValue list(String key, int index) {
        GgufValue value = values.get(key);
        if (value == null || !value.list() || index >= value.count()) {
            throw refuse(key, "has no element " + index);
        }
        return value;
    }

    /** Returns a whole number of the list under a key. */
    public long element(String key, int index) {
        return whole(list(key, index), index)
                .orElseThrow(() -> refuse(key, "must be a list of whole numbers"));
    }

    private int bits32(GgufValue value, long index) {
        return bytes.get(GgufCursor.I32, value.at() + index * Integer.BYTES);
    }

    private OptionalLong whole(GgufValue value, long index) {
        long at = value.at() + index * value.kind().bytes();
        return switch (value.kind()) {
            case UINT8 -> OptionalLong.of(bytes.get(ValueLayout.JAVA_BYTE, at) & 0xff);
            case INT8 -> OptionalLong.of(bytes.get(ValueLayout.JAVA_BYTE, at));
            case UINT16 -> OptionalLong.of(bytes.get(GgufCursor.I16, at) & 0xffff);
            case INT16 -> OptionalLong.of(bytes.get(GgufCursor.I16, at));
            case UINT32 -> OptionalLong.of(Integer.toUnsignedLong(bits32(value, index)));
            case INT32 -> OptionalLong.of(bits32(value, index));
            case UINT64, INT64 -> OptionalLong.of(bytes.get(GgufCursor.I64, at));
            default -> OptionalLong.empty();
        };
    }

    private static String quoted(String key) {
        return ErrorText.quote(key);
    }

    /** Creates the error for a key, with the fault as a predicate. */
    public InputException refuse(String key, String wrong) {
        return new InputException(
                "%s: %s %s".formatted(file, ErrorText.line(key), ErrorText.escape(wrong)));
    }
}
