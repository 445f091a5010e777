package dev.longhand.engine.model;

import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.QuantizationScheme;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.PackedBlocks;
import dev.longhand.engine.weights.PackedLinear;
import dev.longhand.engine.weights.PackedWeights;
import dev.longhand.engine.weights.WeightCache;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.quantization.HostQuantizer;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The storage format of the matrices of a model's linear layers, including the head:
 *
 * <ul>
 *   <li>Matrices that the checkpoint stores quantised (GPTQ, AWQ, types of GGUF) are repacked while
 *       the model opens, without changing their values, even if another dtype is requested.
 *   <li>Other matrices are quantised while the model opens if a dtype is requested. Otherwise they
 *       stay as stored, on a CPU in the mapped file itself.
 * </ul>
 *
 * An embedding that a GGUF file stores quantised is repacked, too, and a tied head is the same
 * matrix. Other embeddings are never quantised: if they are tied, a quantised head is a copy.
 */
public final class LinearWeights implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final @Nullable QuantizationScheme scheme;
    private final @Nullable DType asked;
    private final LinearModule embedding;
    private final Map<String, LinearModule> matrices; // by the names of their weights
    private @Nullable WeightCache cache;

    /**
     * Creates the format for a checkpoint.
     *
     * @param asked dtype to quantise the unquantised matrices to; null leaves them as stored
     */
    public LinearWeights(Checkpoint checkpoint, ModelConfig config, @Nullable DType asked) {
        this.checkpoint = checkpoint;
        this.asked = asked;
        scheme = config.quantization();
        ModelLayout layout = config.layout();
        embedding = layout.embedding();
        matrices = layout.matrices();
        if (packed(embedding)) {
            matrices.put(embedding.weight(), embedding);
        }
    }

    /** Returns whether the checkpoint itself stores a matrix quantised. */
    boolean packed(LinearModule module) {
        return PackedLinear.isIn(checkpoint, module.name()) || blocks(module).isPresent();
    }

    private Optional<PackedBlocks> blocks(LinearModule module) {
        return PackedBlocks.of(checkpoint, module.weight(), module.shape());
    }

    /** Returns the quantised dtype of a matrix, or null if it stays as stored. */
    private @Nullable DType dtype(LinearModule module) {
        if (!packed(module)) {
            return asked;
        }
        return blocks(module).map(PackedBlocks::dtype).orElseGet(() -> scheme(module).dtype());
    }

    private QuantizationScheme scheme(LinearModule module) {
        if (scheme == null) {
            throw new InputException(
                    "%s: %s is packed, but config.json has no quantization_config to say how"
                            .formatted(checkpoint.path(), ErrorText.quote(module.name())));
        }
        return scheme;
    }

    /** Describes how the checkpoint itself quantises its linear layers. */
    public String description() {
        Map<String, Integer> counts = new TreeMap<>();
        for (LinearModule module : matrices.values()) {
            checkpoint.type(module.weight()).ifPresent(type -> counts.merge(type, 1, Integer::sum));
        }
        if (!counts.isEmpty()) {
            return counts.entrySet().stream()
                    .map(type -> type.getKey() + ": " + type.getValue())
                    .collect(Collectors.joining(", ", "GGUF (", ")"));
        }
        long packed = matrices.values().stream().filter(this::packed).count();
        return scheme == null
                ? "no"
                : "%s (%d of %d matrices)".formatted(scheme.description(), packed, matrices.size());
    }

    /** Returns whether a matrix is kept quantised. */
    public boolean quantized(LinearModule module) {
        return dtype(module) != null;
    }

    /** Returns the quantised dtypes of the matrices, empty if all stay as stored. */
    public Set<DType> dtypes() {
        Set<DType> dtypes = new LinkedHashSet<>();
        for (LinearModule module : matrices.values()) {
            DType dtype = dtype(module);
            if (dtype != null) {
                dtypes.add(dtype);
            }
        }
        return dtypes;
    }

    /**
     * Returns the total weight bytes in this format. Tensors that stay in their file count in full,
     * although only the embedding rows of the tokens in use are read.
     */
    public long bytes() {
        long bytes = checkpoint.bytes();
        for (LinearModule module : matrices.values()) {
            DType dtype = dtype(module);
            if (dtype != null) {
                boolean stays = module.equals(embedding) && !packed(module);
                bytes += dtype.bytes(module.shape()) - (stays ? 0 : storedBytes(module));
            }
        }
        return bytes;
    }

    /** Returns the bytes of a matrix in this format. */
    public long bytes(LinearModule module) {
        DType dtype = dtype(module);
        return dtype == null ? storedBytes(module) : dtype.bytes(module.shape());
    }

    /** Returns whether a tied head is a quantised copy of the embedding table. */
    public boolean copiesHead() {
        return asked != null && !packed(embedding);
    }

    /** Returns the bytes of the embedding table as it stays in its file or is repacked. */
    public long tableBytes() {
        return packed(embedding) ? bytes(embedding) : storedBytes(embedding);
    }

    private long storedBytes(LinearModule module) {
        return packed(module)
                ? packedWeights(module).bytes()
                : checkpoint.tensor(module.weight(), module.shape()).bytes();
    }

    /**
     * Takes quantised matrices from a mapped cache file beside the checkpoint. Reuses the file if
     * it was created from these weights, otherwise creates it. While another run creates it, these
     * weights are quantised in memory as without a cache.
     *
     * @param threads threads that create the file; 0 means one per processor
     * @throws InputException if nothing is quantised, the requested dtype has no host kernel, or
     *     the file must be created and cannot be
     */
    public void cache(int threads, LoadProgress progress) {
        List<WeightCache.Matrix> wanted = new ArrayList<>();
        matrices.forEach(
                (name, module) -> {
                    DType dtype = dtype(module);
                    if (dtype != null) {
                        wanted.add(new WeightCache.Matrix(name, dtype, module.shape()));
                    }
                });
        if (wanted.isEmpty()) {
            throw new InputException(
                    "a cache is for quantised weights: these stay as they are stored");
        }
        if (asked != null && !HostQuantizer.hasKernel(asked)) {
            throw new InputException(
                    "a cache is for %s weights, not for %s"
                            .formatted(
                                    DType.quantizableTypes().stream()
                                            .filter(HostQuantizer::hasKernel)
                                            .map(DType::label)
                                            .collect(Collectors.joining(" and ")),
                                    asked.label()));
        }
        String kind = asked == null ? "stored" : asked.label();
        cache =
                WeightCache.open(
                                checkpoint,
                                "longhand-" + kind,
                                wanted,
                                () -> new CacheMaker(threads),
                                progress)
                        .orElse(null);
    }

    /** Makes the matrices of a cache with one pool of threads. */
    private final class CacheMaker implements WeightCache.Maker {
        private final HostQuantizer quantizer;

        CacheMaker(int threads) {
            quantizer = new HostQuantizer(threads);
        }

        @Override
        public void make(WeightCache.Matrix matrix, HostTensor into) {
            LinearModule module = Objects.requireNonNull(matrices.get(matrix.name()));
            if (packed(module)) {
                PackedWeights packed = packedWeights(module);
                packed.writeTo(into);
                packed.unload();
            } else {
                HostTensor stored = checkpoint.tensor(module.weight(), module.shape());
                requireFinite(module, quantizer.findNonFinite(stored));
                quantizer.quantize(stored, into);
                stored.unload();
            }
        }

        @Override
        public void close() {
            quantizer.close();
        }
    }

    /** Places a quantised matrix on the backend, where it lives as long as the backend. */
    Tensor place(LinearModule module, BackendMemory memory) {
        return cache == null ? make(module, memory) : memory.place(cache.tensor(module.weight()));
    }

    private Tensor make(LinearModule module, BackendMemory memory) {
        DType dtype = dtype(module);
        if (dtype == null) {
            throw new IllegalArgumentException(module.name() + " is not quantised");
        }
        if (packed(module)) {
            PackedWeights packed = packedWeights(module);
            Tensor tensor = memory.fillWeights(dtype, module.shape(), packed::writeTo);
            packed.unload();
            return tensor;
        }
        HostTensor stored = checkpoint.tensor(module.weight(), module.shape());
        requireFinite(module, memory.findNonFinite(stored));
        Tensor tensor = memory.quantize(stored, dtype);
        stored.unload(); // a 32B checkpoint would displace other data from memory
        return tensor;
    }

    private void requireFinite(LinearModule module, long nonFinite) {
        if (nonFinite >= 0) {
            throw new InputException(
                    "%s: tensor %s has NaN or infinity at element %d"
                            .formatted(checkpoint.path(), module.weight(), nonFinite));
        }
    }

    private PackedWeights packedWeights(LinearModule module) {
        Optional<PackedBlocks> blocks = blocks(module);
        if (blocks.isPresent()) {
            return blocks.get();
        }
        PackedLinear packed =
                PackedLinear.of(checkpoint, scheme(module), module.name(), module.shape());
        if (!module.biased()) {
            packed.requireNoBias();
        }
        return packed;
    }

    /** Checks the mapped cache, if there is one, see {@link WeightCache#requireUnchanged}. */
    void requireUnchanged() {
        if (cache != null) {
            cache.requireUnchanged();
        }
    }

    /** Unmaps the cache. Call after closing the backend. */
    @Override
    public void close() {
        if (cache != null) {
            cache.close();
        }
    }
}
