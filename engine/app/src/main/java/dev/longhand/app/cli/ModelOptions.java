package dev.longhand.app.cli;

import dev.longhand.engine.EngineConfig;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Options of commands that open an engine on a given model. */
public final class ModelOptions {
    /**
     * Converts the values of {@code --weights}: BF16 keeps the weights as stored, any other dtype
     * quantises them.
     */
    public static final class WeightFormats implements ITypeConverter<DType>, Iterable<String> {
        private static final List<DType> ALL =
                Stream.concat(Stream.of(DType.BF16), DType.quantizableTypes().stream()).toList();

        @Override
        public DType convert(String value) {
            return ALL.stream()
                    .filter(dtype -> dtype.label().equalsIgnoreCase(value))
                    .findFirst()
                    .orElseThrow(
                            () ->
                                    new TypeConversionException(
                                            "expected one of %s but was '%s'"
                                                    .formatted(String.join(", ", this), value)));
        }

        @Override
        public Iterator<String> iterator() {
            return ALL.stream().map(DType::label).iterator();
        }
    }

    @Mixin private ModelFolder model = new ModelFolder();

    @Option(
            names = "--max-context",
            paramLabel = "N",
            description =
                    "Longest sequence, prompt and output"
                            + " (default: what the model admits, at most 32768).")
    private @Nullable Integer maxContext;

    @Option(
            names = "--adapter",
            paramLabel = "NAME=DIR",
            description =
                    "Loads a LoRA adapter, a PEFT folder or the name of one in the Hub's cache,"
                            + " under a name; repeatable.")
    private Map<String, Path> adapters = Map.of();

    @Option(
            names = "--use",
            paramLabel = "NAME",
            description = "Applies a loaded adapter (default: none).")
    private @Nullable String use;

    @Option(
            names = "--weights",
            paramLabel = "KIND",
            defaultValue = "bf16",
            converter = WeightFormats.class,
            completionCandidates = WeightFormats.class,
            description =
                    "${COMPLETION-CANDIDATES}. bf16: as stored; the others: linear layers are"
                            + " quantised to it while the model opens, where the device computes"
                            + " with it. GPTQ and AWQ checkpoints keep theirs; this is for what"
                            + " they have not quantised.")
    private DType weights = DType.BF16;

    @Option(
            names = "--weights-cache",
            description = "Keeps quantised weights in a file beside the model, for faster starts.")
    private boolean weightsCache;

    @Mixin private DeviceOptions device = new DeviceOptions();

    /** The model folder. */
    Path model() {
        return model.path();
    }

    /** The folders of the adapters, by name. */
    Map<String, Path> adapters() {
        Map<String, Path> folders = new LinkedHashMap<>();
        adapters.forEach((name, given) -> folders.put(name, ModelFolder.resolve(given)));
        return folders;
    }

    /** The configuration of an engine on the model folder. */
    EngineConfig engine() {
        return engine(model.path());
    }

    /** The configuration of an engine on another model folder. */
    EngineConfig engine(Path folder) {
        return device.apply(EngineConfig.of(folder))
                .withContextTokensMax(maxContext)
                .withWeights(weights.quantizable() ? weights : null)
                .withWeightsCache(weightsCache)
                .withAdapters(adapters());
    }

    /** The name of the adapter to apply, or null. */
    @Nullable String use() {
        return use;
    }
}
