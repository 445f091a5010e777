package dev.longhand.training;

import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.weights.SafetensorsWriter;
import dev.longhand.kernels.tensor.Shape;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a LoRA adapter as a PEFT folder: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. This engine, PEFT and vLLM load such folders.
 *
 * <p>Source: {@code peft/utils/save_and_load.py} of PEFT 0.18, for the names of the tensors.
 *
 * @param rank the rank of all modules, at least 1
 * @param alpha the numerator of the scale of the change
 * @param rsLora whether the scale is {@code alpha / sqrt(rank)} instead of {@code alpha / rank}
 * @param type the element type of A and B
 */
public record AdapterWriter(int rank, double alpha, boolean rsLora, ElementType type) {
    /** An element type, as safetensors spells it. */
    public enum ElementType {
        BF16(2),
        F16(2),
        F32(4);

        private final int bytes;

        ElementType(int bytes) {
            this.bytes = bytes;
        }
    }

    private static final JsonMapper JSON = new JsonMapper();
    private static final String CONFIG = "adapter_config.json";
    private static final String TENSORS = "adapter_model.safetensors";

    public AdapterWriter {
        if (rank < 1 || !Double.isFinite(alpha)) {
            throw new IllegalArgumentException("rank %d, alpha %s".formatted(rank, alpha));
        }
    }

    /**
     * Writes an adapter and replaces an existing one. Each file is replaced atomically, the tensors
     * first.
     *
     * @param folder the folder to write; created if absent
     * @param modules the modules; PEFT's {@code target_modules} are the last parts of their names
     * @throws IOException if a write fails
     * @throws IllegalStateException if a matrix writes too few or too many bytes
     */
    public void write(Path folder, List<LoraModule> modules) throws IOException {
        Files.createDirectories(folder);
        DurableFiles.replace(folder.resolve(TENSORS), file -> writeTensors(file, modules));
        byte[] config = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config(modules));
        DurableFiles.replace(
                folder.resolve(CONFIG),
                file -> SafetensorsWriter.write(file, MemorySegment.ofArray(config)));
    }

    private ObjectNode config(List<LoraModule> modules) {
        ObjectNode config = JSON.createObjectNode();
        config.put("peft_type", "LORA");
        config.put("task_type", "CAUSAL_LM");
        config.put("bias", "none");
        config.put("r", rank);
        if (alpha == Math.rint(alpha)) {
            config.put("lora_alpha", (long) alpha); // PEFT declares an int
        } else {
            config.put("lora_alpha", alpha);
        }
        if (rsLora) {
            config.put("use_rslora", true);
        }
        modules.stream()
                .map(LoraModule::target)
                .distinct()
                .forEach(config.putArray("target_modules")::add);
        return config;
    }

    private void writeTensors(FileChannel file, List<LoraModule> modules) throws IOException {
        List<SafetensorsWriter.Entry> entries = new ArrayList<>();
        for (LoraModule module : modules) {
            String prefix = "base_model.model." + module.name();
            entries.add(entry(prefix + ".lora_A.weight", module.aShape(rank)));
            entries.add(entry(prefix + ".lora_B.weight", module.bShape(rank)));
        }
        byte[] header = SafetensorsWriter.header(entries);
        SafetensorsWriter.write(file, MemorySegment.ofArray(header));
        for (LoraModule module : modules) {
            writeMatrix(file, module, module.a(), module.aShape(rank));
            writeMatrix(file, module, module.b(), module.bShape(rank));
        }
    }

    private SafetensorsWriter.Entry entry(String name, Shape shape) {
        return SafetensorsWriter.Entry.of(name, type.name(), shape, bytes(shape));
    }

    private long bytes(Shape shape) {
        return shape.elements() * type.bytes;
    }

    private void writeMatrix(
            FileChannel file, LoraModule module, LoraModule.Matrix matrix, Shape shape)
            throws IOException {
        long start = file.position();
        matrix.write(file);
        long written = file.position() - start;
        if (written != bytes(shape)) {
            throw new IllegalStateException(
                    "%s: %d bytes for %s in %s".formatted(module.name(), written, shape, type));
        }
    }
}
