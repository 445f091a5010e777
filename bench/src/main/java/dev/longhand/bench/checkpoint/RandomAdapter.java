package dev.longhand.bench.checkpoint;

import dev.longhand.engine.architecture.LayerLayout;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.training.AdapterWriter;
import dev.longhand.training.LoraModule;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes PEFT folders with random LoRA adapters of all linear layers, in bf16. Their values are so
 * small that they change the model little.
 */
public final class RandomAdapter {
    private static final double DEVIATION = 0.005;

    private RandomAdapter() {}

    /** Writes an adapter of the given rank for a model and returns the folder. */
    public static Path write(Path folder, ModelConfig model, int rank, long seed)
            throws IOException {
        RandomTensorWriter values = new RandomTensorWriter(seed, bytes -> {});
        List<LoraModule> modules = new ArrayList<>();
        for (LayerLayout layer : model.layout().layers()) {
            for (LinearModule linear : layer.linears().values()) {
                int outputs = Math.toIntExact(linear.shape().extent(0));
                int inputs = Math.toIntExact(linear.shape().extent(1));
                // The values follow from the seed and the tensor's name.
                String key = "base_model.model." + linear.name();
                RandomTensor a =
                        RandomTensor.matrix(key + ".lora_A.weight", rank, inputs, DEVIATION);
                RandomTensor b =
                        RandomTensor.matrix(key + ".lora_B.weight", outputs, rank, DEVIATION);
                modules.add(
                        new LoraModule(
                                linear.name(),
                                inputs,
                                outputs,
                                channel -> values.write(channel, a),
                                channel -> values.write(channel, b)));
            }
        }
        new AdapterWriter(rank, 2 * rank, false, AdapterWriter.ElementType.BF16)
                .write(folder, modules);
        return folder;
    }
}
