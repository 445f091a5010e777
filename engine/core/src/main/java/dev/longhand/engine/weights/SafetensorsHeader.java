package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Json;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

import java.io.InputStream;
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
    /** More than ten times the tensors of the largest checkpoint in the family's size class. */
    private static final int TENSORS_MAX = 100_000;

    private static final int METADATA_MAX = 10_000;

    /** torch allows more, but no layer's weight has more than 4. */
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
        try (JsonParser parser = Json.streaming().createParser(ObjectReadContext.empty(), json)) {
            header = new Reader(source, parser).header();
        } catch (JacksonException e) {
            throw Json.malformed(source + ": header", e);
        }
        checkRanges(source, header.tensors, dataBytes);
        return header;
    }

    /** The format demands that the tensors tile the data: no overlap, no hole, nothing after. */
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
        private final JsonParser parser;

        Reader(Path source, JsonParser parser) {
            this.source = source;
            this.parser = parser;
        }

        SafetensorsHeader header() {
            expect(parser.nextToken(), JsonToken.START_OBJECT, "header", "an object");
            Map<String, Entry> tensors = new LinkedHashMap<>();
            Map<String, String> metadata = Map.of();
            boolean metadataSeen = false;
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String name = parser.currentName();
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
            if (parser.nextToken() != null) {
                throw new InputException(source + ": header: text follows the JSON object");
            }
            return new SafetensorsHeader(tensors, metadata);
        }

        private Map<String, String> metadata() {
            String name = "__metadata__";
            expect(parser.nextToken(), JsonToken.START_OBJECT, name, "an object of strings");
            Map<String, String> metadata = new HashMap<>();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = parser.currentName();
                expect(parser.nextToken(), JsonToken.VALUE_STRING, name, "an object of strings");
                if (metadata.put(key, parser.getString()) != null) {
                    throw refuse(name + "." + key, "appears twice");
                }
                if (metadata.size() > METADATA_MAX) {
                    throw refuse(name, "has more than " + METADATA_MAX + " entries");
                }
            }
            return Map.copyOf(metadata);
        }

        private Entry entry(String name) {
            expect(parser.nextToken(), JsonToken.START_OBJECT, name, "an object");
            @Nullable StorageType type = null;
            @Nullable List<Long> extents = null;
            @Nullable List<Long> range = null;
            Set<String> seen = new HashSet<>();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                String key = parser.currentName();
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
            expect(parser.nextToken(), JsonToken.VALUE_STRING, name, "a dtype that is a string");
            String dtype = parser.getString();
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
            expect(parser.nextToken(), JsonToken.START_ARRAY, name, key + " that is a list");
            List<Long> numbers = new ArrayList<>();
            JsonToken token;
            while ((token = parser.nextToken()) == JsonToken.VALUE_NUMBER_INT) {
                if (numbers.size() == lengthMax) {
                    throw refuse(name, "has more than %d numbers in %s".formatted(lengthMax, key));
                }
                long number = fitsLong() ? parser.getLongValue() : -1;
                if (number < 0) {
                    throw refuse(
                            name,
                            "has %s in %s, must be from 0 to 2^63 - 1"
                                    .formatted(ErrorText.line(parser.getString()), key));
                }
                numbers.add(number);
            }
            expect(token, JsonToken.END_ARRAY, name, key + " that is a list of whole numbers");
            return List.copyOf(numbers);
        }

        private boolean fitsLong() {
            return parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
        }

        private void expect(
                @Nullable JsonToken token, JsonToken expected, String name, String what) {
            if (token != expected) {
                throw refuse(name, "must be or have " + what);
            }
        }

        private InputException refuse(String name, String wrong) {
            return new InputException("%s: %s %s".formatted(source, ErrorText.quote(name), wrong));
        }
    }
}
