package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.weights.SafetensorsWriter;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.Shape;

import tools.jackson.databind.json.JsonMapper;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A PEFT folder with a random LoRA whose deltas are large enough to change a small checkpoint's
 * output. Tests may modify it before it is written.
 */
public final class TestAdapter {
    private final Map<String, Object> config = new LinkedHashMap<>();
    private final Map<String, Matrix> matrices = new LinkedHashMap<>();

    /** A tensor as stored in the file. */
    public record Matrix(String dtype, List<Long> shape, List<Byte> data) {}

    private TestAdapter() {}

    /** Creates an adapter that changes every linear layer of a checkpoint. */
    public static TestAdapter allLinear(Path checkpoint, int rank, long seed) {
        return of(checkpoint, rank, seed, List.of(Projection.values()));
    }

    /** Creates an adapter that changes the given projections in every layer. */
    public static TestAdapter of(
            Path checkpoint, int rank, long seed, List<Projection> projections) {
        ModelLayout layout = ModelConfig.read(checkpoint).layout();
        TestAdapter adapter = new TestAdapter();
        adapter.config.put("peft_type", "LORA");
        adapter.config.put("r", rank);
        adapter.config.put("lora_alpha", 2 * rank);
        adapter.config.put(
                "target_modules",
                projections.stream()
                        .map(each -> layout.layers().getFirst().linear(each).name())
                        .map(name -> name.substring(name.lastIndexOf('.') + 1))
                        .toList());
        Random random = new Random(seed);
        for (LayerLayout layer : layout.layers()) {
            for (Projection projection : projections) {
                Shape shape = layer.linear(projection).shape();
                String module = "base_model.model." + layer.linear(projection).name();
                double a = 1 / Math.sqrt(shape.extent(1));
                double b = 0.3 / Math.sqrt(rank);
                adapter.matrices.put(
                        module + ".lora_A.weight", random(random, a, rank, shape.extent(1)));
                adapter.matrices.put(
                        module + ".lora_B.weight", random(random, b, shape.extent(0), rank));
            }
        }
        return adapter;
    }

    private static Matrix random(Random random, double deviation, long rows, long columns) {
        List<Byte> data = new ArrayList<>();
        for (long i = 0; i < rows * columns; i++) {
            short bits = BFloat16.bits((float) (deviation * random.nextGaussian()));
            data.add((byte) bits);
            data.add((byte) (bits >> 8));
        }
        return new Matrix("BF16", List.of(rows, columns), data);
    }

    /** Sets a key of its configuration; null removes it. */
    public TestAdapter configure(String key, Object value) {
        config.put(key, value);
        return this;
    }

    /** Returns the modifiable tensors by name. */
    public Map<String, Matrix> matrices() {
        return matrices;
    }

    /** Writes the folder, replacing existing files. */
    public Path write(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.writeString(
                    folder.resolve("adapter_config.json"),
                    new JsonMapper().writeValueAsString(config));
            Path file = folder.resolve("adapter_model.safetensors");
            Files.deleteIfExists(file);
            Files.write(file, safetensors());
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private byte[] safetensors() throws IOException {
        List<SafetensorsWriter.Entry> entries = new ArrayList<>();
        ByteArrayOutputStream tensors = new ByteArrayOutputStream();
        matrices.forEach(
                (name, matrix) -> {
                    entries.add(
                            new SafetensorsWriter.Entry(
                                    name, matrix.dtype, matrix.shape, matrix.data.size()));
                    matrix.data.forEach(tensors::write);
                });
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.write(SafetensorsWriter.header(Map.of(), entries, SafetensorsWriter.ALIGNMENT_BYTES));
        tensors.writeTo(file);
        return file.toByteArray();
    }
}
