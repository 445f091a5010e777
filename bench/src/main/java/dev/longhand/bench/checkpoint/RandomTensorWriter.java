package dev.longhand.bench.checkpoint;

import dev.longhand.engine.weights.SafetensorsWriter;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.LongConsumer;

/** Writes safetensors files of random tensors in constant memory. */
final class RandomTensorWriter {
    private static final int CHUNK_BYTES = 4 << 20;

    private final long seed;
    private final LongConsumer written;
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);

    /**
     * Creates a writer.
     *
     * @param written receives the number of bytes of each chunk
     */
    RandomTensorWriter(long seed, LongConsumer written) {
        this.seed = seed;
        this.written = written;
    }

    /** Writes a file of these tensors, in this order. */
    void write(Path path, List<RandomTensor> tensors) throws IOException {
        try (FileChannel file =
                FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            SafetensorsWriter.write(file, header(tensors));
            for (RandomTensor tensor : tensors) {
                write(file, tensor);
            }
        }
    }

    /** Writes the values of a tensor. */
    void write(WritableByteChannel channel, RandomTensor tensor) throws IOException {
        RandomTensor.Values values = tensor.values(seed);
        for (long left = tensor.bytes(); left > 0; left -= CHUNK_BYTES) {
            chunk.clear().limit((int) Math.min(CHUNK_BYTES, left));
            values.fill(chunk);
            int bytes = chunk.flip().remaining();
            SafetensorsWriter.write(channel, MemorySegment.ofBuffer(chunk));
            written.accept(bytes);
        }
    }

    /** Returns the header of a file with these tensors. */
    static MemorySegment header(List<RandomTensor> tensors) {
        return MemorySegment.ofArray(
                SafetensorsWriter.header(
                        tensors.stream()
                                .map(
                                        tensor ->
                                                SafetensorsWriter.Entry.of(
                                                        tensor.name(),
                                                        tensor.filling().dtype(),
                                                        tensor.shape(),
                                                        tensor.bytes()))
                                .toList()));
    }
}
