package dev.longhand.training.output;

import dev.longhand.training.AdapterWriter;
import dev.longhand.training.LoraModule;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes the matrices A and B of a model as a PEFT folder.
 *
 * @param rank the rank of all modules
 * @param alpha numerator of the scale
 * @param rsLora whether the scale is {@code alpha / sqrt(rank)} instead of {@code alpha / rank}
 * @param elements the element type of the file
 */
public record AdapterOutput(int rank, double alpha, boolean rsLora, Elements elements)
        implements ModelOutput {
    private static final String A = ".lora_A.weight";
    private static final String B = ".lora_B.weight";

    @Override
    public void write(Path folder, TrainableModel model) throws IOException {
        Map<String, TrainedTensor> byName = new HashMap<>();
        model.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
        List<LoraModule> modules = new ArrayList<>();
        for (TrainedTensor a : model.tensors()) {
            if (a.name().endsWith(A)) {
                String module = a.name().substring(0, a.name().length() - A.length());
                TrainedTensor b = byName.get(module + B);
                if (b == null) {
                    throw new IllegalStateException(module + " has A but no B");
                }
                modules.add(
                        new LoraModule(
                                module,
                                Math.toIntExact(a.shape().extent(1)),
                                Math.toIntExact(b.shape().extent(0)),
                                channel -> elements.write(channel, a.master()),
                                channel -> elements.write(channel, b.master())));
            }
        }
        AdapterWriter.ElementType type = AdapterWriter.ElementType.valueOf(elements.name());
        new AdapterWriter(rank, alpha, rsLora, type).write(folder, modules);
    }

    @Override
    public long bytes(TrainableModel model) {
        return model.tensors().stream().mapToLong(each -> each.shape().elements()).sum()
                * elements.bytes();
    }
}
