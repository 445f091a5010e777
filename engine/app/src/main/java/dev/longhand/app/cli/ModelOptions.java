package dev.longhand.app.cli;

import dev.longhand.engine.EngineConfig;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.Map;

/** Options of commands that open an engine on a user's model. */
final class ModelOptions {
    /** The format of weights in memory. */
    enum Weights {
        BF16(null),
        INT8(DType.INT8),
        INT4(DType.INT4),
        FP8(DType.FP8);

        private final @Nullable DType quantized;

        Weights(@Nullable DType quantized) {
            this.quantized = quantized;
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
            description = "Loads a LoRA adapter, a PEFT folder, under a name; repeatable.")
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
            description =
                    "bf16: as stored. int8, int4: quantised in groups of 32 while the model opens;"
                            + " fp8 (e4m3): in groups of 128, not on a CPU. GPTQ and AWQ"
                            + " checkpoints keep theirs; this is for what they have not quantised.")
    private Weights weights = Weights.BF16;

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
        return adapters;
    }

    /** The configuration of an engine on the model folder. */
    EngineConfig.Builder engine() {
        return engine(model.path());
    }

    /** The configuration of an engine on another model folder. */
    EngineConfig.Builder engine(Path folder) {
        EngineConfig.Builder builder =
                device.apply(EngineConfig.of(folder))
                        .contextTokensMax(maxContext)
                        .weights(weights.quantized)
                        .weightsCache(weightsCache);
        adapters.forEach(builder::adapter);
        return builder;
    }

    /** The name of the adapter to apply, or null. */
    @Nullable String use() {
        return use;
    }
}
