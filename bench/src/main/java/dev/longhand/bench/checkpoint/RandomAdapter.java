package dev.longhand.bench.checkpoint;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.kernels.tensor.Shape;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes PEFT folders of random LoRAs of all linear layers, in bf16, small enough to change little.
 */
public final class RandomAdapter {
    private static final double DEVIATION = 0.005;

    private RandomAdapter() {}

    /** Writes a folder of this rank for a model. */
    public static Path write(Path folder, ModelConfig model, int rank, long seed)
            throws IOException {
        Files.createDirectories(folder);
        Files.writeString(
                folder.resolve("adapter_config.json"),
                """
                {"peft_type": "LORA", "r": %d, "lora_alpha": %d, "target_modules": "all-linear"}
                """
                        .formatted(rank, 2 * rank));
        List<RandomTensor> tensors = new ArrayList<>();
        for (LayerLayout layer : model.layout().layers()) {
            for (LinearModule linear : layer.linears().values()) {
                Shape shape = linear.shape();
                String module = "base_model.model." + linear.name();
                tensors.add(matrix(module + ".lora_A.weight", rank, shape.extent(1)));
                tensors.add(matrix(module + ".lora_B.weight", shape.extent(0), rank));
            }
        }
        new RandomTensorWriter(seed, bytes -> {})
                .write(folder.resolve("adapter_model.safetensors"), tensors);
        return folder;
    }

    private static RandomTensor matrix(String name, long rows, long columns) {
        return new RandomTensor(
                name, Shape.of(rows, columns), RandomTensor.Filling.BF16, 0, DEVIATION);
    }
}
