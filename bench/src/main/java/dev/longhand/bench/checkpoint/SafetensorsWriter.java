package dev.longhand.bench.checkpoint;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/** Writes safetensors files of random tensors in constant memory. */
final class SafetensorsWriter {
    private static final int CHUNK_BYTES = 4 << 20;

    private final long seed;
    private final LongConsumer written;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);

    /**
     * A writer.
     *
     * @param written told of every chunk's bytes
     */
    SafetensorsWriter(long seed, LongConsumer written) {
        this.seed = seed;
        this.written = written;
    }

    /** Writes a file of these tensors, in this order. */
    void write(Path path, List<RandomTensor> tensors) throws IOException {
        byte[] header = header(tensors);
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            write(file, length.putLong(header.length).flip());
            write(file, ByteBuffer.wrap(header));
            for (RandomTensor tensor : tensors) {
                RandomTensor.Values values = tensor.values(seed);
                for (long left = tensor.bytes(); left > 0; left -= CHUNK_BYTES) {
                    chunk.clear().limit((int) Math.min(CHUNK_BYTES, left));
                    values.fill(chunk);
                    int bytes = chunk.flip().remaining();
                    write(file, chunk);
                    written.accept(bytes);
                }
            }
        }
    }

    /** JSON, padded so that the tensors begin at a multiple of eight bytes. */
    private static byte[] header(List<RandomTensor> tensors) {
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("__metadata__", Map.of("format", "pt"));
        long start = 0;
        for (RandomTensor tensor : tensors) {
            long end = start + tensor.bytes();
            header.put(tensor.name(), entry(tensor, start, end));
            start = end;
        }
        byte[] json = new JsonMapper().writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
        Arrays.fill(padded, json.length, padded.length, (byte) ' ');
        return padded;
    }

    private static Map<String, Object> entry(RandomTensor tensor, long start, long end) {
        List<Long> extents =
                IntStream.range(0, tensor.shape().rank()).mapToObj(tensor.shape()::extent).toList();
        return Map.of(
                "dtype",
                tensor.filling().dtype(),
                "shape",
                extents,
                "data_offsets",
                List.of(start, end));
    }

    private static void write(FileChannel file, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            file.write(bytes);
        }
    }
}
