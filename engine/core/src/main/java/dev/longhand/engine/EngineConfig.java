package dev.longhand.engine;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.HubCache;
import dev.longhand.engine.file.HubName;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.Prefill;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Configuration of an engine. Begin with {@link #of} and change what matters; each {@code with}
 * method returns a changed copy.
 */
public final class EngineConfig implements Cloneable {
    /** Longest context by default, in tokens: Qwen2.5 was trained for it without YaRN. */
    public static final int CONTEXT_TOKENS_DEFAULT = 32_768;

    private Path model;
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
    private Map<String, Path> adapters = Map.of();
    private @Nullable Long adapterBytesMax;
    private LoadProgress progress = LoadProgress.SILENT;

    private EngineConfig(Path model) {
        this.model = model;
    }

    /**
     * Returns the default configuration for a model.
     *
     * @param model a Hugging Face folder: config.json, safetensors, usually tokenizer files
     */
    public static EngineConfig of(Path model) {
        return new EngineConfig(model);
    }

    /**
     * Returns the default configuration for a model in the local cache of the Hugging Face Hub,
     * where {@code HF_HUB_CACHE} or {@code HF_HOME} name it, else in the user's home. Nothing is
     * downloaded.
     *
     * @param name such as {@code Qwen/Qwen2.5-0.5B-Instruct}, with {@code @REVISION} if it is not
     *     the main one
     * @throws InputException if the cache has no such model
     */
    public static EngineConfig ofHub(String name) {
        return of(
                HubName.parse(name)
                        .flatMap(HubCache.ofEnvironment()::find)
                        .orElseThrow(
                                () ->
                                        new InputException(
                                                ErrorText.line(name)
                                                        + ": "
                                                        + HubName.missing(name))));
    }

    /** Selects the device that computes. */
    public EngineConfig withDevice(Device device) {
        return with(copy -> copy.device = device);
    }

    /**
     * Sets the threads of the CPU backend; 0 is one per processor.
     *
     * @throws InputException if it is not in 0..1024
     */
    public EngineConfig withThreads(int threads) {
        return with(copy -> copy.threads = threads);
    }

    /**
     * Sets the element type of the KV cache: F32 is exact, BF16 takes half the memory, INT8 keeps
     * values in 8 bits and keys in BF16, because Qwen2.5's key biases are too large for 8 bits.
     * Null selects the most exact type of the device.
     *
     * @throws InputException if it is another type
     */
    public EngineConfig withKvDtype(@Nullable DType dtype) {
        return with(copy -> copy.kvDtype = dtype);
    }

    /**
     * Quantises the matrices of linear layers while the model opens. Null keeps them as stored;
     * matrices that the checkpoint stores quantised stay as they are.
     *
     * @param dtype one of {@link DType#quantizableTypes}
     * @throws InputException if it is another type
     */
    public EngineConfig withWeights(@Nullable DType dtype) {
        return with(copy -> copy.weights = dtype);
    }

    /**
     * Keeps quantised weights in a file beside the checkpoint. The first opening writes it; later
     * ones map it.
     */
    public EngineConfig withWeightsCache(boolean cached) {
        return with(copy -> copy.weightsCache = cached);
    }

    /**
     * Sets the longest sequence in tokens, prompt and output. Null is the limit of the model, at
     * most {@link #CONTEXT_TOKENS_DEFAULT}.
     */
    public EngineConfig withContextTokensMax(@Nullable Integer tokens) {
        return with(copy -> copy.contextTokensMax = tokens);
    }

    /**
     * Sets the tokens that the KV cache holds for all sequences together. Null takes half of the
     * memory that the model leaves free: at least one full context, at most one per sequence.
     */
    public EngineConfig withKvTokensMax(@Nullable Integer tokens) {
        return with(copy -> copy.kvTokensMax = tokens);
    }

    /** Sets the limit for the sequences in the running batch. */
    public EngineConfig withSequencesMax(int sequences) {
        return with(copy -> copy.sequencesMax = sequences);
    }

    /** Sets the limit for the prompt tokens of one step. */
    public EngineConfig withPrefillRowsMax(int rows) {
        return with(copy -> copy.prefillRowsMax = rows);
    }

    /**
     * Limits prefill rows while other sequences decode, so that streams do not stutter. Turn it off
     * for batch jobs: prompts finish sooner.
     */
    public EngineConfig withSteadyDecoding(boolean steady) {
        return with(copy -> copy.steadyDecoding = steady);
    }

    /**
     * Selects the library that multiplies prompt rows. {@link Prefill#CUBLAS} gives up batch
     * invariance.
     */
    public EngineConfig withPrefill(Prefill library) {
        return with(copy -> copy.prefill = library);
    }

    /**
     * Sets how many requests may wait per adapter, and for the base. The whole queue holds eight
     * times as many.
     */
    public EngineConfig withQueueDepthMax(int requests) {
        return with(copy -> copy.queueDepthMax = requests);
    }

    /** Sets speculative decoding for requests that do not choose. It affects time only. */
    public EngineConfig withSpeculation(Speculation speculation) {
        return with(copy -> copy.speculation = speculation);
    }

    /**
     * Limits the host memory of all adapters together, in bytes. Beyond it the least recently used
     * adapters leave memory and are read again at their next use. Null is half of the memory that
     * the model leaves free.
     *
     * @throws InputException if it is negative
     */
    public EngineConfig withAdapterBytesMax(@Nullable Long bytes) {
        return with(copy -> copy.adapterBytesMax = bytes);
    }

    /** Sets the listener for loading. */
    public EngineConfig withProgress(LoadProgress listener) {
        return with(copy -> copy.progress = listener);
    }

    /**
     * Adds a LoRA adapter to load with the model.
     *
     * @param name the name that requests use
     * @param folder a PEFT folder
     */
    public EngineConfig withAdapter(String name, Path folder) {
        Map<String, Path> more = new HashMap<>(adapters);
        more.put(name, folder);
        return with(copy -> copy.adapters = Map.copyOf(more));
    }

    /** Sets the LoRA adapters to load with the model: PEFT folders by name. */
    public EngineConfig withAdapters(Map<String, Path> folders) {
        return with(copy -> copy.adapters = Map.copyOf(folders));
    }

    private EngineConfig with(Consumer<EngineConfig> change) {
        try {
            EngineConfig copy = (EngineConfig) clone();
            change.accept(copy);
            copy.check();
            return copy;
        } catch (CloneNotSupportedException e) {
            throw new AssertionError(e);
        }
    }

    private void check() {
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

    /** Model folder. */
    public Path model() {
        return model;
    }

    /** Device that computes. */
    public Device device() {
        return device;
    }

    /** Threads of the CPU backend; 0 is one per processor. */
    public int threads() {
        return threads;
    }

    /** Element type of the KV cache; null is the most exact one of the device. */
    public @Nullable DType kvDtype() {
        return kvDtype;
    }

    /** Format that linear layers are quantised to; null keeps the stored one. */
    public @Nullable DType weights() {
        return weights;
    }

    /** Whether quantised weights are cached in a file. */
    public boolean weightsCache() {
        return weightsCache;
    }

    /** Longest sequence in tokens, prompt and output; null is the default. */
    public @Nullable Integer contextTokensMax() {
        return contextTokensMax;
    }

    /** Tokens that the KV cache holds; null is sized from memory. */
    public @Nullable Integer kvTokensMax() {
        return kvTokensMax;
    }

    /** Limit for the sequences in the running batch. */
    public int sequencesMax() {
        return sequencesMax;
    }

    /** Limit for the prompt tokens of one step. */
    public int prefillRowsMax() {
        return prefillRowsMax;
    }

    /** Whether prefill is limited while other sequences decode. */
    public boolean steadyDecoding() {
        return steadyDecoding;
    }

    /** Library that multiplies prompt rows. */
    public Prefill prefill() {
        return prefill;
    }

    /** Limit for waiting requests per adapter. */
    public int queueDepthMax() {
        return queueDepthMax;
    }

    /** Speculative decoding of requests that do not choose. */
    public Speculation speculation() {
        return speculation;
    }

    /** Adapters to load with the model: PEFT folders by name. */
    public Map<String, Path> adapters() {
        return adapters;
    }

    /** Limit for host memory of all adapters, in bytes; null is the default. */
    public @Nullable Long adapterBytesMax() {
        return adapterBytesMax;
    }

    /** Listener for loading. */
    public LoadProgress progress() {
        return progress;
    }
}
