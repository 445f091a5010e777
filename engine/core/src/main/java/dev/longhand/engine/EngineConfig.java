package dev.longhand.engine;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.weights.LoadProgress;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How an engine is opened. Start from {@link #of} and change what matters.
 *
 * @param model a Hugging Face folder: config.json, safetensors, usually tokenizer files
 * @param device what to compute on
 * @param threads threads of the CPU backend; 0 is one per processor
 * @param kvDtype F32 keeps keys and values exact; BF16 halves their memory; INT8 keeps keys in
 *     BF16, as Qwen2.5's huge key biases allow no less, and values in 8 bits; null is the most
 *     exact that the device has
 * @param weights one of {@link DType#quantizableTypes}: the matrices of linear layers are quantised
 *     to it while the model opens, on a device that computes with it; null leaves them as they are
 *     stored, and so do matrices that the checkpoint has quantised already
 * @param weightsCache keeps quantised weights in a file beside the checkpoint, written once and
 *     mapped from then on
 * @param contextTokensMax the longest sequence, prompt and output; null is what the model admits,
 *     at most {@link #CONTEXT_TOKENS_DEFAULT}
 * @param kvTokensMax tokens of all sequences together that KV memory is planned for; null is one
 *     full context
 * @param sequencesMax sequences that advance together
 * @param prefillRowsMax the most prompt tokens of a step
 * @param steadyDecoding whether a step beside decodes takes so few of them that readers see no
 *     pause; without, prompts are through sooner, which is best where nobody reads along
 * @param prefill who multiplies the rows of prompts; CUBLAS ends batch invariance
 * @param queueDepthMax requests that may wait for one adapter, or for the base; eight times as many
 *     in all
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
        boolean steadyDecoding,
        Prefill prefill,
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
        if (kvDtype != null
                && kvDtype != DType.F32
                && kvDtype != DType.BF16
                && kvDtype != DType.INT8) {
            throw new InputException("KV is kept in f32, bf16 or int8, not " + kvDtype);
        }
        if (weights != null && !weights.quantizable()) {
            throw new InputException(
                    "weights are quantised to %s, not %s"
                            .formatted(
                                    DType.quantizableTypes().stream()
                                            .map(DType::label)
                                            .collect(Collectors.joining(" or ")),
                                    weights.label()));
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
        private boolean steadyDecoding = true;
        private Prefill prefill = Prefill.OWN;
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

        public Builder steadyDecoding(boolean value) {
            steadyDecoding = value;
            return this;
        }

        public Builder prefill(Prefill value) {
            prefill = value;
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
                    steadyDecoding,
                    prefill,
                    queueDepthMax,
                    speculation,
                    adapters,
                    adapterBytesMax,
                    progress);
        }
    }
}
