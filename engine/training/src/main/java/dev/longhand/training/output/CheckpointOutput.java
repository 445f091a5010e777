package dev.longhand.training.output;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.weights.SafetensorsWriter;
import dev.longhand.training.model.TrainableModel;
import dev.longhand.training.model.TrainedTensor;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes all tensors of a model as a Hugging Face checkpoint, with the configuration and tokenizer
 * files of its base. A tied head is one tensor, the embedding.
 *
 * @param base folder of the model before training
 * @param elements the element type of the tensors
 */
public record CheckpointOutput(Path base, Elements elements) implements ModelOutput {
    static final String CONFIG = "config.json";

    /** Extensions of the small files that belong to a model, whatever its weights. */
    private static final Set<String> KEPT = Set.of("json", "txt", "jinja", "model", "md");

    private static final JsonMapper JSON = new JsonMapper();

    @Override
    public void write(Path folder, TrainableModel model) throws IOException {
        List<SafetensorsWriter.Entry> entries = new ArrayList<>();
        for (TrainedTensor tensor : model.tensors()) {
            entries.add(
                    SafetensorsWriter.Entry.of(
                            tensor.name(),
                            elements.name(),
                            tensor.shape(),
                            tensor.shape().elements() * elements.bytes()));
        }
        try (FileChannel file =
                FileChannel.open(
                        folder.resolve("model.safetensors"),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.WRITE)) {
            byte[] header = SafetensorsWriter.header(entries);
            SafetensorsWriter.write(file, MemorySegment.ofArray(header));
            for (TrainedTensor tensor : model.tensors()) {
                elements.write(file, tensor.master(), tensor.base());
            }
        }
        copySmallFiles(base, folder);
        Files.write(
                folder.resolve(CONFIG),
                JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(config()));
    }

    /** Copies the files beside the weights, such as those of the tokenizer, but not config.json. */
    static void copySmallFiles(Path from, Path folder) throws IOException {
        List<Path> files;
        try (Stream<Path> content = Files.list(from)) {
            files = content.filter(Files::isRegularFile).sorted().toList();
        }
        for (Path file : files) {
            String name = file.getFileName().toString();
            String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
            if (KEPT.contains(extension)
                    && !name.equals(CONFIG)
                    && !name.endsWith(".safetensors.index.json")) {
                Files.copy(file, folder.resolve(name));
            }
        }
    }

    private ObjectNode config() {
        String json = Settings.read(base.resolve(CONFIG)).json();
        ObjectNode config = (ObjectNode) JSON.readTree(json);
        String type = elements == Elements.F32 ? "float32" : "bfloat16";
        config.put(config.has("dtype") ? "dtype" : "torch_dtype", type);
        return config;
    }

    @Override
    public long bytes(TrainableModel model) {
        return model.tensors().stream().mapToLong(each -> each.shape().elements()).sum()
                * elements.bytes();
    }
}
