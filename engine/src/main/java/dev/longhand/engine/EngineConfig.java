package dev.longhand.engine;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.weights.LoadProgress;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * How an engine is opened. Start from {@link #of} and change what matters.
 *
 * @param model a Hugging Face folder: config.json, safetensors, usually tokenizer files
 * @param device what to compute on
 * @param threads threads of the CPU backend; 0 is one per processor
 * @param kvDtype F32 keeps keys and values exact; BF16 halves their memory; null is the most exact
 *     that the device has. K of Qwen2.5 must not be rounded further: its biases are huge
 * @param weights INT8 (8.5 bits a weight) or INT4 (4.5) quantises the matrices of linear layers
 *     while the model opens; null leaves them as they are stored, and so do matrices that the
 *     checkpoint has quantised already
 * @param weightsCache keeps quantised weights in a file beside the checkpoint, written once and
 *     mapped from then on
 * @param contextTokensMax the longest sequence, prompt and output; null is what the model admits,
 *     at most {@link #CONTEXT_TOKENS_DEFAULT}
 * @param kvTokensMax tokens of all sequences together that KV memory is planned for; null is one
 *     full context
 * @param sequencesMax sequences that advance together
 * @param prefillRowsMax prompt tokens per step
 * @param queueDepthMax requests that may wait
 * @param speculation whether requests that do not say guess tokens; costs and gives time only
 * @param adapters PEFT folders of LoRA adapters to load at once, by the name that requests use
 * @param adapterBytesMax host memory of all adapters together; those used longest ago are read
 *     again when they are needed; null is half of what the rest leaves free
 * @param progress told of loading
 */
public record EngineConfig(
        Path model,
        Device device,
        int threads,
        @Nullable DType kvDtype,
        @Nullable DType weights,
        boolean weightsCache,
        @Nullable Integer contextTokensMax,
        @Nullable Integer kvTokensMax,
        int sequencesMax,
        int prefillRowsMax,
        int queueDepthMax,
        Speculation speculation,
        Map<String, Path> adapters,
        @Nullable Long adapterBytesMax,
        LoadProgress progress) {
    /** The longest context unless asked for more: what Qwen2.5 was trained for without YaRN. */
    public static final int CONTEXT_TOKENS_DEFAULT = 32_768;

    public EngineConfig {
        adapters = Map.copyOf(adapters);
        if (threads < 0 || threads > 1024) {
            throw new InputException("threads must be in 0..1024, not " + threads);
        }
        if (adapterBytesMax != null && adapterBytesMax < 0) {
            throw new InputException("adapterBytesMax must not be negative");
        }
        if (kvDtype != null && kvDtype != DType.F32 && kvDtype != DType.BF16) {
            throw new InputException("KV is kept in f32 or bf16, not " + kvDtype);
        }
        if (weights != null && (!weights.quantized() || weights.zeroPoints())) {
            throw new InputException("weights are quantised to int8 or int4, not " + weights);
        }
    }

    /** A builder with the usual settings for a model folder. */
    public static Builder of(Path model) {
        return new Builder(model);
    }

    /** Collects settings; see {@link EngineConfig} for each. */
    public static final class Builder {
        private final Path model;
        private Device device = Device.AUTO;
        private int threads;
        private @Nullable DType kvDtype;
        private @Nullable DType weights;
        private boolean weightsCache;
        private @Nullable Integer contextTokensMax;
        private @Nullable Integer kvTokensMax;
        private int sequencesMax = 8;
        private int prefillRowsMax = 512;
        private int queueDepthMax = 256;
        private Speculation speculation = Speculation.AUTO;
        private final Map<String, Path> adapters = new LinkedHashMap<>();
        private @Nullable Long adapterBytesMax;
        private LoadProgress progress = LoadProgress.SILENT;

        private Builder(Path model) {
            this.model = model;
        }

        public Builder device(Device value) {
            device = value;
            return this;
        }

        public Builder threads(int value) {
            threads = value;
            return this;
        }

        public Builder kvDtype(@Nullable DType value) {
            kvDtype = value;
            return this;
        }

        public Builder weights(@Nullable DType value) {
            weights = value;
            return this;
        }

        public Builder weightsCache(boolean value) {
            weightsCache = value;
            return this;
        }

        public Builder contextTokensMax(@Nullable Integer value) {
            contextTokensMax = value;
            return this;
        }

        public Builder kvTokensMax(@Nullable Integer value) {
            kvTokensMax = value;
            return this;
        }

        public Builder sequencesMax(int value) {
            sequencesMax = value;
            return this;
        }

        public Builder prefillRowsMax(int value) {
            prefillRowsMax = value;
            return this;
        }

        public Builder queueDepthMax(int value) {
            queueDepthMax = value;
            return this;
        }

        public Builder speculation(Speculation value) {
            speculation = value;
            return this;
        }

        /** Adds an adapter to load. */
        public Builder adapter(String name, Path folder) {
            adapters.put(name, folder);
            return this;
        }

        public Builder adapterBytesMax(@Nullable Long value) {
            adapterBytesMax = value;
            return this;
        }

        public Builder progress(LoadProgress value) {
            progress = value;
            return this;
        }

        /** The finished configuration. */
        public EngineConfig build() {
            return new EngineConfig(
                    model,
                    device,
                    threads,
                    kvDtype,
                    weights,
                    weightsCache,
                    contextTokensMax,
                    kvTokensMax,
                    sequencesMax,
                    prefillRowsMax,
                    queueDepthMax,
                    speculation,
                    adapters,
                    adapterBytesMax,
                    progress);
        }
    }
}
