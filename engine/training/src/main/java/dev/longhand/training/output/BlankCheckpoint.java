package dev.longhand.training.output;

import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.weights.SafetensorsWriter;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A checkpoint before any learning: the shape that a configuration describes, the tokenizer of
 * another model, and weights that are zero in bf16. Training from scratch begins with it.
 *
 * @param config a {@code config.json} of a supported family, without quantisation
 * @param tokenizer folder of the model whose tokenizer files are copied
 */
public record BlankCheckpoint(Path config, Path tokenizer) {
    /**
     * Replaces a folder by this checkpoint.
     *
     * @throws dev.longhand.engine.error.InputException if the configuration cannot be read or is
     *     not supported
     */
    public void write(Path folder) throws IOException {
        new ReplacedFolder(folder).write(this::writeFiles);
    }

    private void writeFiles(Path folder) throws IOException {
        CheckpointOutput.copySmallFiles(tokenizer, folder);
        Files.copy(config, folder.resolve(CheckpointOutput.CONFIG));
        List<SafetensorsWriter.Entry> entries =
                ModelConfig.read(folder).layout().tensors().entrySet().stream()
                        .map(each -> entry(each.getKey(), each.getValue()))
                        .toList();
        try (Arena arena = Arena.ofConfined();
                FileChannel file =
                        FileChannel.open(
                                folder.resolve("model.safetensors"),
                                StandardOpenOption.CREATE_NEW,
                                StandardOpenOption.WRITE)) {
            byte[] header = SafetensorsWriter.header(entries);
            SafetensorsWriter.write(file, MemorySegment.ofArray(header));
            long longest =
                    entries.stream().mapToLong(SafetensorsWriter.Entry::bytes).max().orElseThrow();
            MemorySegment zeros = arena.allocate(longest);
            for (SafetensorsWriter.Entry each : entries) {
                SafetensorsWriter.write(file, zeros.asSlice(0, each.bytes()));
            }
        }
    }

    private static SafetensorsWriter.Entry entry(String name, Shape shape) {
        return SafetensorsWriter.Entry.of(
                name, DType.BF16.name(), shape, shape.elements() * DType.BF16.bytes());
    }
}
