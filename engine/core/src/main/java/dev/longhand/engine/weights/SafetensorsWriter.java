package dev.longhand.engine.weights;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;

import dev.longhand.kernels.tensor.Shape;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A writer of safetensors files from front to back: first the header, then the bytes of each tensor
 * in the order of the header, without gaps.
 */
public final class SafetensorsWriter {
    /** Alignment of the tensor data in files for other tools, in bytes. */
    public static final int ALIGNMENT_BYTES = 8;

    /** transformers refuses a file whose metadata lack the format. */
    private static final Map<String, String> METADATA = Map.of("format", "pt");

    private static final int WRITE_BYTES = 64 << 20;

    private static final Gson JSON = new GsonBuilder().disableHtmlEscaping().create();

    private SafetensorsWriter() {}

    /**
     * The header's entry for a tensor.
     *
     * @param dtype as safetensors spells it, for example {@code BF16}
     * @param extents row-major
     */
    public record Entry(String name, String dtype, List<Long> extents, long bytes) {
        public Entry {
            extents = List.copyOf(extents);
        }

        /** Creates the entry for a tensor of a shape. */
        public static Entry of(String name, String dtype, Shape shape, long bytes) {
            List<Long> extents =
                    LongStream.range(0, shape.rank())
                            .map(i -> shape.extent((int) i))
                            .boxed()
                            .toList();
            return new Entry(name, dtype, extents, bytes);
        }
    }

    /**
     * Returns the beginning of a file: the length of the header, and the header padded with spaces.
     *
     * @param metadata the {@code __metadata__} entry; left out if empty
     * @param tensors in the order in which their bytes follow
     * @param alignment the tensor data begins at a multiple of this many bytes
     */
    public static byte[] header(Map<String, String> metadata, List<Entry> tensors, int alignment) {
        Map<String, Object> header = new LinkedHashMap<>();
        if (!metadata.isEmpty()) {
            header.put("__metadata__", metadata);
        }
        long start = 0;
        for (Entry tensor : tensors) {
            long end = start + tensor.bytes;
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("dtype", tensor.dtype);
            entry.put("shape", tensor.extents);
            entry.put("data_offsets", List.of(start, end));
            header.put(tensor.name, entry);
            start = end;
        }
        byte[] json = JSON.toJson(header).getBytes(StandardCharsets.UTF_8);
        int length = Math.ceilDiv(Long.BYTES + json.length, alignment) * alignment;
        byte[] padded = new byte[length];
        Arrays.fill(padded, (byte) ' ');
        ByteBuffer.wrap(padded)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length - Long.BYTES)
                .put(json);
        return padded;
    }

    /** Returns the beginning of a file for other tools. */
    public static byte[] header(List<Entry> tensors) {
        return header(METADATA, tensors, ALIGNMENT_BYTES);
    }

    /** Writes all of {@code bytes} to a channel. */
    public static void write(WritableByteChannel channel, MemorySegment bytes) throws IOException {
        for (long done = 0; done < bytes.byteSize(); done += WRITE_BYTES) {
            long count = Math.min(WRITE_BYTES, bytes.byteSize() - done);
            ByteBuffer buffer = bytes.asSlice(done, count).asByteBuffer();
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        }
    }
}
