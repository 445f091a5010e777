package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * A struct that the kernels and the host exchange, in nvcc's layout. Sizes and offsets come from
 * {@code layouts.txt}, which {@code build.sh} generates from {@code layouts.cu} together with the
 * PTX. Fields are looked up by name and type in static initialisers, which fail if the header has
 * no such field or has it with another type.
 */
final class KernelStruct {
    private static final String TEXT = "layouts.txt";
    private static final Map<String, Long> LAYOUTS = read();

    private final String name;
    private final long bytes;

    /**
     * A struct by its name in the kernels' headers.
     *
     * @throws IllegalStateException if {@code layouts.cu} does not list it
     */
    KernelStruct(String name) {
        this.name = name;
        bytes = find(name + " bytes");
    }

    /** Size of the struct, padding included. */
    long bytes() {
        return bytes;
    }

    /** A field of 8 bytes: an integer or an address. */
    Int64 int64(String field) {
        return new Int64(find(field, "int64"));
    }

    /** A field of 4 bytes. */
    Int32 int32(String field) {
        return new Int32(find(field, "int32"));
    }

    /** A float field. */
    Float32 float32(String field) {
        return new Float32(find(field, "float32"));
    }

    /** The offset of a field that is a struct or an array of structs. */
    long offset(String field) {
        return find(field, "struct");
    }

    /** An int64 field, or the first element of an array of them. */
    record Int64(long offset) {
        /** Sets the field of the struct at {@code at}. */
        void set(MemorySegment to, long at, long value) {
            to.set(JAVA_LONG, at + offset, value);
        }

        /** The field of the struct at {@code at}. */
        long get(MemorySegment from, long at) {
            return from.get(JAVA_LONG, at + offset);
        }

        /** Sets an element of the field. */
        void set(MemorySegment to, long at, int element, long value) {
            set(to, at + (long) element * Long.BYTES, value);
        }
    }

    /** An int32 field, or the first element of an array of them. */
    record Int32(long offset) {
        /** Sets the field of the struct at {@code at}. */
        void set(MemorySegment to, long at, int value) {
            to.set(JAVA_INT, at + offset, value);
        }

        /** The field of the struct at {@code at}. */
        int get(MemorySegment from, long at) {
            return from.get(JAVA_INT, at + offset);
        }

        /** Sets an element of the field. */
        void set(MemorySegment to, long at, int element, int value) {
            set(to, at + (long) element * Integer.BYTES, value);
        }
    }

    /** A float field, or the first element of an array of them. */
    record Float32(long offset) {
        /** Sets the field of the struct at {@code at}. */
        void set(MemorySegment to, long at, float value) {
            to.set(JAVA_FLOAT, at + offset, value);
        }

        /** The field of the struct at {@code at}. */
        float get(MemorySegment from, long at) {
            return from.get(JAVA_FLOAT, at + offset);
        }

        /** Sets an element of the field. */
        void set(MemorySegment to, long at, int element, float value) {
            set(to, at + (long) element * Float.BYTES, value);
        }
    }

    private long find(String field, String type) {
        return find("%s %s %s".formatted(name, field, type));
    }

    private static long find(String key) {
        Long value = LAYOUTS.get(key);
        if (value == null) {
            throw new IllegalStateException("the kernels have no `%s` in %s".formatted(key, TEXT));
        }
        return value;
    }

    /** Reads lines such as {@code Problem width int32 48} or {@code Problem bytes 80}. */
    private static Map<String, Long> read() {
        try (InputStream in = KernelStruct.class.getResourceAsStream(TEXT)) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + TEXT);
            }
            Map<String, Long> layouts = new HashMap<>();
            new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.startsWith("#"))
                    .forEach(
                            line -> {
                                int end = line.lastIndexOf(' ');
                                layouts.put(
                                        line.substring(0, end),
                                        Long.valueOf(line.substring(end + 1)));
                            });
            return Map.copyOf(layouts);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
