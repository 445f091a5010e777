package dev.longhand.engine.weights;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** A copy of a checkpoint with some tensors or settings changed. */
public final class EditedCheckpoint {
    private final Map<String, Entry> tensors = new LinkedHashMap<>();
    private String config;

    private record Entry(String dtype, List<Long> shape, byte[] bytes) {}

    private EditedCheckpoint(String config) {
        this.config = config;
    }

    /** Reads a folder's tensors and configuration, to be written as one file. */
    public static EditedCheckpoint of(Path folder) {
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            EditedCheckpoint edited =
                    new EditedCheckpoint(Files.readString(folder.resolve("config.json")));
            for (SafetensorsFile file : checkpoint.shards()) {
                for (String name : file.names()) {
                    HostTensor tensor = file.tensor(name);
                    edited.put(name, tensor.dtype(), tensor.shape(), tensor.data());
                }
            }
            return edited;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sets a tensor. */
    public EditedCheckpoint put(String name, DType dtype, Shape shape, MemorySegment bytes) {
        List<Long> extents = IntStream.range(0, shape.rank()).mapToObj(shape::extent).toList();
        tensors.put(name, new Entry(dtype.name(), extents, bytes.toArray(ValueLayout.JAVA_BYTE)));
        return this;
    }

    /** Sets one element of a tensor with 16 or 32 bits per element. */
    public EditedCheckpoint set(String name, int index, int bits) {
        Entry entry = tensors.get(name);
        ByteBuffer buffer = ByteBuffer.wrap(entry.bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (entry.dtype.equals("I32")) {
            buffer.putInt(4 * index, bits);
        } else {
            buffer.putShort(2 * index, (short) bits);
        }
        return this;
    }

    /** Gives a tensor another dtype or shape with the same number of bytes. */
    public EditedCheckpoint as(String name, String dtype, long... shape) {
        tensors.put(
                name,
                new Entry(dtype, Arrays.stream(shape).boxed().toList(), tensors.get(name).bytes));
        return this;
    }

    /** Removes a tensor. */
    public EditedCheckpoint remove(String name) {
        tensors.remove(name);
        return this;
    }

    /** Changes the text of config.json. */
    public EditedCheckpoint config(UnaryOperator<String> change) {
        config = change.apply(config);
        return this;
    }

    /** Writes the checkpoint to a folder. */
    public Path write(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("config.json"), config);
            Files.write(folder.resolve("model.safetensors"), safetensors());
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] safetensors() throws IOException {
        List<SafetensorsWriter.Entry> entries = new ArrayList<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        tensors.forEach(
                (name, entry) -> {
                    entries.add(
                            new SafetensorsWriter.Entry(
                                    name, entry.dtype, entry.shape, entry.bytes.length));
                    bytes.writeBytes(entry.bytes);
                });
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(SafetensorsWriter.header(Map.of(), entries, SafetensorsWriter.ALIGNMENT_BYTES));
        bytes.writeTo(file);
        return file.toByteArray();
    }
}
