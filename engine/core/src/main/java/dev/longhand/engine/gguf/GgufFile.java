package dev.longhand.engine.gguf;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.UnreadableFileException;
import dev.longhand.kernels.MappedFile;
import dev.longhand.kernels.tensor.Shape;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * One GGUF file, mapped read-only: a header of metadata and tensor descriptions, then the tensors'
 * bytes. Nothing is copied but the keys and the names. Versions 2 and 3 are read.
 *
 * <p>Source: {@code docs/gguf.md} in ggml.
 */
public final class GgufFile {
    private static final int MAGIC = 0x4655_4747; // "GGUF"
    private static final int NAME_BYTES_MAX = 1 << 16;
    private static final int TENSORS_MAX = 100_000;
    private static final int VALUES_MAX = 100_000;
    private static final int RANK_MAX = 4;
    private static final int ALIGNMENT_DEFAULT = 32;
    private static final int ALIGNMENT_MAX = 1 << 20;

    private final Path file;
    private final MemorySegment whole;
    private final BooleanSupplier changed;
    private final GgufMetadata metadata;
    private final Map<String, GgufTensor> tensors;
    private final long dataOffset;

    private GgufFile(Path file, MemorySegment whole, BooleanSupplier changed) {
        this.file = file;
        this.whole = whole;
        this.changed = changed;
        GgufCursor cursor = new GgufCursor(file, whole, 0);
        checkVersion(cursor);
        long tensorCount = cursor.count(1, "the number of tensors");
        long valueCount = cursor.count(1, "the number of metadata values");
        if (tensorCount > TENSORS_MAX || valueCount > VALUES_MAX) {
            throw new InputException(
                    "%s: %d tensors and %d metadata values are beyond the limits of %d and %d"
                            .formatted(file, tensorCount, valueCount, TENSORS_MAX, VALUES_MAX));
        }
        metadata = new GgufMetadata(file, whole, values(cursor, valueCount));
        Map<String, Description> described = descriptions(cursor, tensorCount);
        int alignment =
                metadata.integer("general.alignment", 1, ALIGNMENT_MAX).orElse(ALIGNMENT_DEFAULT);
        dataOffset = Math.ceilDiv(cursor.at(), alignment) * (long) alignment;
        tensors = tensors(described, alignment);
    }

    /**
     * Maps a file into an arena and checks its header.
     *
     * @throws InputException if the file cannot be read or breaks the format
     */
    public static GgufFile open(Path file, Arena arena) {
        try {
            MappedFile mapped = MappedFile.open(file, arena);
            return new GgufFile(file, mapped.bytes(), mapped::changed);
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
    }

    /** Parses a file whose whole content is {@code bytes}. */
    static GgufFile parse(Path file, MemorySegment bytes) {
        return new GgufFile(file, bytes, () -> false);
    }

    private void checkVersion(GgufCursor cursor) {
        if (cursor.int32("the magic number") != MAGIC) {
            throw new InputException(file + ": not a GGUF file: it does not begin with GGUF");
        }
        int version = cursor.int32("the version");
        if (version != 2 && version != 3) {
            int swapped = Integer.reverseBytes(version);
            throw new InputException(
                    swapped == 2 || swapped == 3
                            ? file + ": is big-endian, which is not read"
                            : "%s: is GGUF version %s; versions 2 and 3 are read"
                                    .formatted(file, Integer.toUnsignedString(version)));
        }
    }

    private Map<String, GgufValue> values(GgufCursor cursor, long count) {
        Map<String, GgufValue> values = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String key = cursor.string(NAME_BYTES_MAX, "a metadata key");
            if (values.put(key, value(cursor, ErrorText.quote(key))) != null) {
                throw new InputException(
                        "%s: %s appears twice".formatted(file, ErrorText.quote(key)));
            }
        }
        return values;
    }

    private GgufValue value(GgufCursor cursor, String key) {
        GgufValue.Kind kind = kind(cursor, key);
        boolean list = kind == GgufValue.Kind.LIST;
        GgufValue.Kind of = list ? kind(cursor, key) : kind;
        if (of == GgufValue.Kind.LIST) {
            throw new InputException("%s: %s is a list of lists".formatted(file, key));
        }
        int each = of == GgufValue.Kind.STRING ? Long.BYTES : of.bytes();
        long count = list ? cursor.count(each, key) : 1;
        long at = cursor.at();
        if (of == GgufValue.Kind.STRING) {
            for (long i = 0; i < count; i++) {
                cursor.skipString(key);
            }
        } else {
            cursor.skip(count * each, key);
        }
        return new GgufValue(of, list, count, at);
    }

    private GgufValue.Kind kind(GgufCursor cursor, String key) {
        int number = cursor.int32(key);
        GgufValue.Kind[] kinds = GgufValue.Kind.values();
        if (number < 0 || number >= kinds.length) {
            throw new InputException(
                    "%s: %s is of the unknown kind %s"
                            .formatted(file, key, Integer.toUnsignedString(number)));
        }
        return kinds[number];
    }

    /** A tensor as the header describes it: its bytes begin at {@code offset} of the data. */
    private record Description(GgufType type, Shape shape, long bytes, long offset) {}

    private Map<String, Description> descriptions(GgufCursor cursor, long count) {
        Map<String, Description> tensors = new LinkedHashMap<>();
        for (long i = 0; i < count; i++) {
            String name = cursor.string(NAME_BYTES_MAX, "the name of a tensor");
            if (tensors.put(name, description(cursor, name)) != null) {
                throw refuse(name, "appears twice");
            }
        }
        return tensors;
    }

    private Description description(GgufCursor cursor, String name) {
        String what = "the description of " + ErrorText.quote(name);
        int rank = cursor.int32(what);
        if (rank < 1 || rank > RANK_MAX) {
            throw refuse(name, "has %s dimensions".formatted(Integer.toUnsignedString(rank)));
        }
        long[] extents = new long[rank];
        long elements = 1;
        for (int i = rank - 1; i >= 0; i--) { // the file has the innermost first
            extents[i] = cursor.int64(what);
            if (extents[i] < 1 || extents[i] > Long.MAX_VALUE / Long.BYTES / elements) {
                throw refuse(
                        name, "has an extent of %s".formatted(Long.toUnsignedString(extents[i])));
            }
            elements *= extents[i];
        }
        int id = cursor.int32(what);
        GgufType type =
                GgufType.of(id)
                        .orElseThrow(
                                () ->
                                        refuse(
                                                name,
                                                "is of type %s; only %s are read"
                                                        .formatted(
                                                                GgufType.name(id),
                                                                GgufType.names())));
        if (extents[rank - 1] % type.blockWeights() != 0) {
            throw refuse(
                    name,
                    "has rows of %d weights, which blocks of %d do not hold"
                            .formatted(extents[rank - 1], type.blockWeights()));
        }
        long bytes = elements / type.blockWeights() * type.blockBytes();
        return new Description(type, Shape.of(extents), bytes, cursor.int64(what));
    }

    /** Checks the places of the tensors: aligned, within the file, none in another. */
    private Map<String, GgufTensor> tensors(Map<String, Description> described, int alignment) {
        List<Map.Entry<String, Description>> sorted = new ArrayList<>(described.entrySet());
        sorted.sort(Comparator.comparingLong(tensor -> tensor.getValue().offset));
        long free = Math.max(0, whole.byteSize() - dataOffset);
        long end = 0;
        for (Map.Entry<String, Description> tensor : sorted) {
            Description of = tensor.getValue();
            String name = tensor.getKey();
            if (of.offset < 0 || of.offset % alignment != 0) {
                throw refuse(
                        name,
                        "begins at byte %s of the data, which is not a multiple of %d"
                                .formatted(Long.toUnsignedString(of.offset), alignment));
            }
            if (of.offset < end) {
                throw refuse(name, "overlaps the tensor before it");
            }
            if (of.offset > free || of.bytes > free - of.offset) {
                throw refuse(
                        name,
                        "is truncated: it takes %d bytes from byte %d on, the file has %d"
                                .formatted(of.bytes, dataOffset + of.offset, whole.byteSize()));
            }
            end = of.offset + of.bytes;
        }
        Map<String, GgufTensor> tensors = new LinkedHashMap<>();
        described.forEach(
                (name, of) ->
                        tensors.put(
                                name,
                                new GgufTensor(
                                        of.type,
                                        of.shape,
                                        whole.asSlice(dataOffset + of.offset, of.bytes))));
        return tensors;
    }

    private InputException refuse(String name, String wrong) {
        return new InputException("%s: tensor %s %s".formatted(file, ErrorText.quote(name), wrong));
    }

    /** Returns the path of the file. */
    public Path path() {
        return file;
    }

    /** The mapped file, header included. */
    public MemorySegment whole() {
        return whole;
    }

    /** Returns whether the file was changed in place since it was opened; any thread may call. */
    public boolean changed() {
        return changed.getAsBoolean();
    }

    /** Returns the metadata. */
    public GgufMetadata metadata() {
        return metadata;
    }

    /** Returns the tensors by name, in file order: views of the mapping. */
    public Map<String, GgufTensor> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    /** Returns the total size of the tensors, in bytes. */
    public long bytes() {
        return tensors.values().stream().mapToLong(tensor -> tensor.data().byteSize()).sum();
    }
}
