package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.UnreadableFileException;
import dev.longhand.kernels.MappedFile;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * One safetensors file, mapped read-only: 8 bytes little-endian header length, a JSON header, then
 * the tensors' bytes. Tensors are slices of the mapping and live as long as its arena. What was
 * computed from them counts only if {@link #changed} is false afterwards.
 *
 * <p>Source: the format description in the safetensors repository, README "Format".
 */
public final class SafetensorsFile implements TensorFile {
    private static final int LENGTH_BYTES = 8;

    /** The header limit of the reference implementation. */
    private static final long HEADER_BYTES_MAX = 100_000_000;

    private static final ValueLayout.OfLong LITTLE_ENDIAN_LONG =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final Path file;
    private final SafetensorsHeader header;
    private final BooleanSupplier changed;
    private final MemorySegment whole;
    private final MemorySegment data;

    private SafetensorsFile(
            Path file,
            SafetensorsHeader header,
            MemorySegment whole,
            long dataOffset,
            BooleanSupplier changed) {
        this.file = file;
        this.header = header;
        this.changed = changed;
        this.whole = whole;
        data = whole.asSlice(dataOffset);
    }

    /**
     * Maps {@code file} into {@code arena} and checks its header.
     *
     * @throws InputException if the file cannot be read or breaks the format
     */
    public static SafetensorsFile open(Path file, Arena arena) {
        try {
            MappedFile mapped = MappedFile.open(file, arena);
            return parse(file, mapped.bytes(), mapped::changed);
        } catch (IOException e) {
            throw new UnreadableFileException(file, e);
        }
    }

    /** Parses a file whose whole content is {@code bytes}. */
    static SafetensorsFile parse(Path file, MemorySegment bytes) {
        return parse(file, bytes, () -> false);
    }

    private static SafetensorsFile parse(Path file, MemorySegment bytes, BooleanSupplier changed) {
        long size = bytes.byteSize();
        if (size < LENGTH_BYTES) {
            throw new InputException(
                    "%s: truncated: %d bytes, a header length takes %d"
                            .formatted(file, size, LENGTH_BYTES));
        }
        long headerBytes = bytes.get(LITTLE_ENDIAN_LONG, 0);
        if (headerBytes < 0 || headerBytes > HEADER_BYTES_MAX) {
            throw new InputException(
                    "%s: header length %s exceeds the limit of %d bytes"
                            .formatted(file, Long.toUnsignedString(headerBytes), HEADER_BYTES_MAX));
        }
        long dataBytes = size - LENGTH_BYTES - headerBytes;
        if (dataBytes < 0) {
            throw new InputException(
                    "%s: truncated: header length %d reaches beyond the file of %d bytes"
                            .formatted(file, headerBytes, size));
        }
        var json = new SegmentInputStream(bytes.asSlice(LENGTH_BYTES, headerBytes));
        SafetensorsHeader header = SafetensorsHeader.parse(file, json, dataBytes);
        return new SafetensorsFile(file, header, bytes, LENGTH_BYTES + headerBytes, changed);
    }

    @Override
    public boolean changed() {
        return changed.getAsBoolean();
    }

    @Override
    public Path path() {
        return file;
    }

    @Override
    public MemorySegment whole() {
        return whole;
    }

    /** Returns the offset in the file at which tensor data begins. */
    public long dataOffset() {
        return whole.byteSize() - data.byteSize();
    }

    @Override
    public Set<String> names() {
        return header.tensors().keySet();
    }

    /** The header's {@code __metadata__}; empty if it has none. */
    public Map<String, String> metadata() {
        return header.metadata();
    }

    @Override
    public long bytes() {
        return data.byteSize();
    }

    @Override
    public MemorySegment slice(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        return data.asSlice(entry.begin(), entry.end() - entry.begin());
    }

    private SafetensorsHeader.Entry entry(String name) {
        SafetensorsHeader.Entry entry = header.tensors().get(name);
        if (entry == null) {
            throw new InputException("%s: no tensor %s".formatted(file, ErrorText.quote(name)));
        }
        return entry;
    }

    /**
     * Returns the tensor called {@code name}, a view of the mapping.
     *
     * @throws InputException if it is missing, has an extent of 0 or a dtype that no kernel reads
     */
    @Override
    public HostTensor tensor(String name) {
        SafetensorsHeader.Entry entry = entry(name);
        DType dtype =
                DType.ofSafetensors(entry.type().name())
                        .orElseThrow(
                                () ->
                                        new InputException(
                                                "%s: tensor %s has the unsupported dtype %s"
                                                        .formatted(
                                                                file,
                                                                ErrorText.quote(name),
                                                                entry.type())));
        if (entry.extents().contains(0L)) {
            throw new InputException(
                    "%s: tensor %s is empty: %s"
                            .formatted(file, ErrorText.quote(name), entry.extents()));
        }
        return new HostTensor(
                dtype,
                Shape.of(entry.extents().stream().mapToLong(Long::longValue).toArray()),
                slice(name));
    }
}
