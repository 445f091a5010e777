package dev.longhand.engine.weights;

import com.google.gson.stream.JsonToken;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Json;
import dev.longhand.engine.file.JsonStream;

import org.jspecify.annotations.Nullable;

import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The JSON header of a safetensors file: name → dtype, shape, byte range. It is streamed, not
 * materialised as a tree, and every bound is checked before it is used.
 *
 * @param tensors by name, in file order
 * @param metadata the {@code __metadata__} entry, empty if absent
 */
record SafetensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
    /**
     * Limit for tensors: more than ten times those of the largest checkpoint in the family's size
     * class.
     */
    private static final int TENSORS_MAX = 100_000;

    private static final int METADATA_MAX = 10_000;

    /** Limit for dimensions: torch allows more, but no layer's weight has more than 4. */
    private static final int RANK_MAX = 8;

    /**
     * One tensor.
     *
     * @param extents outermost first
     * @param begin first byte, counted from the end of the header
     * @param end one past the last byte
     */
    record Entry(StorageType type, List<Long> extents, long begin, long end) {}

    /**
     * Parses and checks a header.
     *
     * @param source the file, for messages
     * @param json the header's bytes
     * @param dataBytes bytes that the file has after the header
     */
    static SafetensorsHeader parse(Path source, InputStream json, long dataBytes) {
        SafetensorsHeader header;
        try (JsonStream stream = new JsonStream(source + ": header", json)) {
            header = new Reader(source, stream).header();
        }
        checkRanges(source, header.tensors, dataBytes);
        return header;
    }

    /**
     * Checks that the tensors tile the data, as the format demands: no overlap, no gap, and nothing
     * after them.
     */
    private static void checkRanges(Path source, Map<String, Entry> tensors, long dataBytes) {
        List<Map.Entry<String, Entry>> sorted = new ArrayList<>(tensors.entrySet());
        sorted.sort(
                Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin)
                        .thenComparingLong(e -> e.getValue().end));
        long at = 0;
        for (Map.Entry<String, Entry> tensor : sorted) {
            long begin = tensor.getValue().begin;
            if (begin != at) {
                throw new InputException(
                        "%s: tensor %s begins at byte %d of the data, expected %d: %s"
                                .formatted(
                                        source,
                                        ErrorText.quote(tensor.getKey()),
                                        begin,
                                        at,
                                        begin < at ? "tensors overlap" : "bytes belong to none"));
            }
            at = tensor.getValue().end;
        }
        if (at > dataBytes) {
            throw new InputException(
                    "%s: truncated: the tensors take %d bytes, the file holds %d of them"
                            .formatted(source, at, dataBytes));
        }
        if (at < dataBytes) {
            throw new InputException(
                    "%s: %d bytes follow the last tensor".formatted(source, dataBytes - at));
        }
    }

    private static final class Reader {
        private final Path source;
        private final JsonStream stream;

        Reader(Path source, JsonStream stream) {
            this.source = source;
            this.stream = stream;
        }

        SafetensorsHeader header() {
            expect(JsonToken.BEGIN_OBJECT, "header", "an object");
            Map<String, Entry> tensors = new LinkedHashMap<>();
            Map<String, String> metadata = Map.of();
            boolean metadataSeen = false;
            stream.beginObject();
            while (stream.hasNext()) {
                String name = stream.name();
                if (name.equals("__metadata__")) {
                    if (metadataSeen) {
                        throw refuse(name, "appears twice");
                    }
                    metadataSeen = true;
                    metadata = metadata();
                } else if (tensors.put(name, entry(name)) != null) {
                    throw refuse(name, "appears twice");
                } else if (tensors.size() > TENSORS_MAX) {
                    throw new InputException(
                            "%s: header: more than %d tensors".formatted(source, TENSORS_MAX));
                }
            }
            stream.endObject();
            stream.end();
            return new SafetensorsHeader(tensors, metadata);
        }

        private Map<String, String> metadata() {
            String name = "__metadata__";
            expect(JsonToken.BEGIN_OBJECT, name, "an object of strings");
            Map<String, String> metadata = new HashMap<>();
            stream.beginObject();
            while (stream.hasNext()) {
                String key = stream.name();
                expect(JsonToken.STRING, name, "an object of strings");
                if (metadata.put(key, stream.string()) != null) {
                    throw refuse(name + "." + key, "appears twice");
                }
                if (metadata.size() > METADATA_MAX) {
                    throw refuse(name, "has more than " + METADATA_MAX + " entries");
                }
            }
            stream.endObject();
            return Map.copyOf(metadata);
        }

        private Entry entry(String name) {
            expect(JsonToken.BEGIN_OBJECT, name, "an object");
            @Nullable StorageType type = null;
            @Nullable List<Long> extents = null;
            @Nullable List<Long> range = null;
            Set<String> seen = new HashSet<>();
            stream.beginObject();
            while (stream.hasNext()) {
                String key = stream.name();
                if (!seen.add(key)) {
                    throw refuse(name, "has the key %s twice".formatted(ErrorText.quote(key)));
                }
                switch (key) {
                    case "dtype" -> type = type(name);
                    case "shape" -> extents = numbers(name, key, RANK_MAX);
                    case "data_offsets" -> range = numbers(name, key, 2);
                    default -> throw refuse(name, "has the unknown key " + ErrorText.quote(key));
                }
            }
            stream.endObject();
            if (type == null || extents == null || range == null || range.size() != 2) {
                throw refuse(name, "needs dtype, shape and data_offsets [begin, end]");
            }
            long begin = range.getFirst();
            long end = range.getLast();
            if (begin > end) {
                throw refuse(name, "ends at byte %d before %d".formatted(end, begin));
            }
            checkSize(name, type, extents, end - begin);
            return new Entry(type, extents, begin, end);
        }

        private StorageType type(String name) {
            expect(JsonToken.STRING, name, "a dtype that is a string");
            String dtype = stream.string();
            return StorageType.of(dtype)
                    .orElseThrow(
                            () -> refuse(name, "has the unknown dtype " + ErrorText.quote(dtype)));
        }

        private void checkSize(String name, StorageType type, List<Long> extents, long bytes) {
            long bits = type.bits();
            try {
                for (long extent : extents) {
                    bits = Math.multiplyExact(bits, extent);
                }
            } catch (ArithmeticException e) {
                throw refuse(name, "has an overflowing shape " + extents);
            }
            if (bits % Byte.SIZE != 0 || bits / Byte.SIZE != bytes) {
                throw refuse(
                        name,
                        "takes %s bytes as %s %s, but data_offsets give it %d"
                                .formatted(bits / Byte.SIZE, type, extents, bytes));
            }
        }

        private List<Long> numbers(String name, String key, int lengthMax) {
            expect(JsonToken.BEGIN_ARRAY, name, key + " that is a list");
            List<Long> numbers = new ArrayList<>();
            stream.beginArray();
            while (stream.hasNext()) {
                expect(JsonToken.NUMBER, name, key + " that is a list of whole numbers");
                if (numbers.size() == lengthMax) {
                    throw refuse(name, "has more than %d numbers in %s".formatted(lengthMax, key));
                }
                numbers.add(number(name, key));
            }
            stream.endArray();
            return List.copyOf(numbers);
        }

        private long number(String name, String key) {
            String spelled = stream.number();
            if (!Json.isWhole(spelled)) {
                throw refuse(name, "must be or have " + key + " that is a list of whole numbers");
            }
            BigInteger number = new BigInteger(spelled);
            if (number.signum() < 0 || number.bitLength() >= Long.SIZE) {
                throw refuse(
                        name,
                        "has %s in %s, must be from 0 to 2^63 - 1"
                                .formatted(ErrorText.line(spelled), key));
            }
            return number.longValue();
        }

        private void expect(JsonToken expected, String name, String what) {
            if (!stream.at(expected)) {
                throw refuse(name, "must be or have " + what);
            }
        }

        private InputException refuse(String name, String wrong) {
            return new InputException("%s: %s %s".formatted(source, ErrorText.quote(name), wrong));
        }
    }
}
