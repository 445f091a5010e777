package dev.longhand.bench.model;

import dev.longhand.bench.checkpoint.QwenShape;
import dev.longhand.bench.checkpoint.RandomCheckpoint;
import dev.longhand.bench.checkpoint.WritingProgress;
import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.Speculation;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The model that a benchmark runs, with its device and its dtypes in memory.
 *
 * @param model Hugging Face folder; empty for a generated model
 * @param shape shape of the generated model; see {@link QwenShape}
 * @param cache folder for generated models and adapters; may be empty if none is used
 * @param threads threads of a CPU backend; 0 is one per processor
 * @param weights dtype of the weights in memory: BF16, as stored, or a quantised one
 * @param kv dtype of keys and values; null is the device's default
 */
public record ModelChoice(
        String model,
        String shape,
        String cache,
        Device device,
        int threads,
        DType weights,
        @Nullable DType kv) {
    private static final long SEED = 1;

    /** Usual memory bandwidths, for estimates. */
    private static final double CORE_BYTES_PER_SECOND = 6e9;

    private static final double CPU_BYTES_PER_SECOND = 60e9;
    private static final double CUDA_BYTES_PER_SECOND = 1e12;
    private static final List<DType> KV_DTYPES = List.of(DType.F32, DType.BF16, DType.INT8);

    /**
     * Checks the dtype of the weights; whether the model exists is checked when it is opened.
     *
     * @throws InputException if the engine cannot keep weights in this dtype
     */
    public ModelChoice {
        if (!weightDtypes().contains(weights)) {
            throw new InputException(
                    "weights are kept in BF16, as stored, or %s, not %s"
                            .formatted(
                                    DType.quantizableTypes().stream()
                                            .map(DType::name)
                                            .collect(Collectors.joining(" or ")),
                                    weights));
        }
    }

    private static List<DType> weightDtypes() {
        List<DType> all = new ArrayList<>(DType.quantizableTypes());
        all.addFirst(DType.BF16);
        return all;
    }

    /**
     * Finds a dtype of weights by its name, in any case.
     *
     * @throws InputException if no dtype of weights has this name
     */
    public static DType weights(String name) {
        return dtype("weights", name, weightDtypes());
    }

    /**
     * Finds a dtype of keys and values by its name, in any case.
     *
     * @return the dtype; null, for the device's default, if the name is empty
     * @throws InputException if no dtype of keys and values has this name
     */
    public static @Nullable DType kv(String name) {
        return name.isEmpty() ? null : dtype("kv", name, KV_DTYPES);
    }

    private static DType dtype(String what, String name, List<DType> known) {
        return known.stream()
                .filter(dtype -> dtype.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new InputException(
                                        "%s '%s' is unknown; there are %s"
                                                .formatted(what, name, names(known))));
    }

    private static String names(List<DType> dtypes) {
        return dtypes.stream()
                .map(dtype -> dtype.name().toLowerCase(Locale.ROOT))
                .collect(Collectors.joining(", "));
    }

    /** Returns this choice with a generated model of another shape. */
    public ModelChoice withShape(String other) {
        return new ModelChoice("", other, cache, device, threads, weights, kv);
    }

    /** Returns this choice with weights of another dtype. */
    public ModelChoice withWeights(DType other) {
        return new ModelChoice(model, shape, cache, device, threads, other, kv);
    }

    /** Returns this choice with keys and values of another dtype; null is the device's default. */
    public ModelChoice withKv(@Nullable DType other) {
        return new ModelChoice(model, shape, cache, device, threads, weights, other);
    }

    /**
     * Returns the folder of the model; writes a generated model if the cache has none yet.
     *
     * @throws InputException if there is no such folder or shape, or no cache was named
     */
    public Path folder() {
        if (!model.isEmpty()) {
            Path folder = Path.of(model);
            if (!Files.isDirectory(folder)) {
                throw new InputException(
                        "'%s' is no folder; the model is a Hugging Face folder".formatted(model));
            }
            return folder;
        }
        QwenShape known = QwenShape.of(shape);
        Path cacheFolder = requireCache();
        return RandomCheckpoint.cached(
                cacheFolder,
                known,
                SEED,
                new WritingProgress(RandomCheckpoint.cachePath(cacheFolder, known, SEED)));
    }

    /**
     * Checks what can be checked without writing anything.
     *
     * @throws InputException as {@link #folder}
     */
    public void check() {
        if (model.isEmpty()) {
            QwenShape.of(shape);
            requireCache();
        } else {
            ModelConfig.read(folder());
        }
    }

    /**
     * Returns the rough cost of steps that read all weights, with that of writing the model first.
     * Prompts of many tokens cost about a sixth of a step for each.
     */
    public RunCost cost(double steps) {
        Map<String, Long> written = new LinkedHashMap<>();
        long bytes;
        if (model.isEmpty()) {
            QwenShape known = QwenShape.of(shape);
            bytes = RandomCheckpoint.bytes(known);
            Path folder = RandomCheckpoint.cachePath(requireCache(), known, SEED);
            if (!Files.isDirectory(folder)) {
                written.put(folder.toString(), bytes);
            }
        } else {
            bytes = safetensorsBytes(folder());
        }
        double share = weights == DType.BF16 ? 1 : weights == DType.INT4 ? 0.3 : 0.55;
        return new RunCost(written, steps * share * bytes / bytesPerSecond());
    }

    private double bytesPerSecond() {
        if (device.equals(Device.CUDA)) {
            return CUDA_BYTES_PER_SECOND;
        }
        int cores = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        return Math.min(CPU_BYTES_PER_SECOND, cores * CORE_BYTES_PER_SECOND);
    }

    private static long safetensorsBytes(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().endsWith(".safetensors"))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        } catch (IOException e) {
            throw new InputException(folder + ": cannot be read", e);
        }
    }

    /** The name of the model's folder, without its parents. */
    public String name() {
        return folder().toAbsolutePath().normalize().getFileName().toString();
    }

    /**
     * Returns the folder of a random adapter of the model; writes the adapter if the cache has none
     * yet.
     *
     * @param number the number of the adapter; different numbers give different weights
     * @throws InputException if no cache was named
     */
    public Path adapter(int rank, int number) {
        return RandomCheckpoint.cachedAdapter(requireCache(), folder(), rank, number);
    }

    /** The dtype to which linear layers are quantised; null keeps them as stored. */
    public @Nullable DType quantized() {
        return weights == DType.BF16 ? null : weights;
    }

    /** Opens the backend; the caller closes it. */
    public ComputeBackend openBackend() {
        return BackendChoice.open(device, threads).backend();
    }

    /**
     * The configuration of an engine for the model, without speculation: each step gives each
     * sequence one token.
     */
    public EngineConfig engine() {
        return EngineConfig.of(folder())
                .withDevice(device)
                .withThreads(threads)
                .withWeights(quantized())
                .withKvDtype(kv)
                .withSpeculation(Speculation.OFF);
    }

    /**
     * Checks that generated adapters have a place.
     *
     * @throws InputException if no cache was named
     */
    public void requireAdapters() {
        requireCache();
    }

    private Path requireCache() {
        if (cache.isEmpty()) {
            throw new InputException(
                    "nothing to run: name a model, or a cache folder for generated models and"
                            + " adapters (JMH: -p model=DIR, -p cache=DIR; commands: --model,"
                            + " --cache)");
        }
        return Path.of(cache);
    }
}
