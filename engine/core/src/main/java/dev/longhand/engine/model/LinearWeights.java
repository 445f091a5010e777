package dev.longhand.engine.model;

import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.QuantizationScheme;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.PackedLinear;
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
import java.util.Set;
import java.util.stream.Collectors;

/**
 * How the matrices of a model's linear layers, the head among them, are kept:
 *
 * <ul>
 *   <li>those that the checkpoint has quantised (GPTQ, AWQ): repacked while the model opens, values
 *       exact, whatever is asked for;
 *   <li>the others: quantised while the model opens if that is asked for, or as they are stored, on
 *       a CPU in the mapped file itself.
 * </ul>
 *
 * The embedding stays as it is; where it is tied, a quantised head is a copy of it.
 */
public final class LinearWeights implements AutoCloseable {
    private final Checkpoint checkpoint;
    private final @Nullable QuantizationScheme scheme;
    private final @Nullable DType asked;
    private final LinearModule embedding;
    private final Map<String, LinearModule> matrices; // by the names of their weights
    private @Nullable WeightCache cache;

    /**
     * Of a checkpoint.
     *
     * @param asked what matrices that are not quantised yet are quantised to; null leaves them
     */
    public LinearWeights(Checkpoint checkpoint, ModelConfig config, @Nullable DType asked) {
        this.checkpoint = checkpoint;
        this.asked = asked;
        scheme = config.quantization();
        ModelLayout layout = config.layout();
        embedding = layout.embedding();
        matrices = layout.matrices();
    }

    private boolean packed(LinearModule module) {
        return PackedLinear.isIn(checkpoint, module.name());
    }

    /** What a matrix is quantised to; null if it stays as it is stored. */
    private @Nullable DType dtype(LinearModule module) {
        if (!packed(module)) {
            return asked;
        }
        if (scheme == null) {
            throw new InputException(
                    "%s: %s is packed, but config.json has no quantization_config to say how"
                            .formatted(checkpoint.folder(), ErrorText.quote(module.name())));
        }
        return scheme.dtype();
    }

    /** How the checkpoint has quantised its linear layers, in words. */
    public String description() {
        long packed = matrices.values().stream().filter(this::packed).count();
        return scheme == null
                ? "no"
                : "%s (%d of %d matrices)".formatted(scheme.description(), packed, matrices.size());
    }

    /** Whether a matrix is kept quantised. */
    boolean quantized(LinearModule module) {
        return dtype(module) != null;
    }

    /** The quantised dtypes that it keeps matrices in; empty if all stay as they are. */
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
     * Bytes that all weights of the checkpoint take so. What stays in its file counts in full,
     * though of an embedding only the rows of drawn tokens are read.
     */
    public long bytes() {
        long bytes = checkpoint.bytes();
        for (LinearModule module : matrices.values()) {
            DType dtype = dtype(module);
            if (dtype != null) {
                boolean stays = module.equals(embedding);
                bytes += dtype.bytes(module.shape()) - (stays ? 0 : storedBytes(module));
            }
        }
        return bytes;
    }

    private long storedBytes(LinearModule module) {
        return packed(module)
                ? PackedLinear.bytes(checkpoint, module.name())
                : checkpoint.tensor(module.weight(), module.shape()).bytes();
    }

    /**
     * Keeps quantised matrices in a file beside the checkpoint, mapped: of an earlier time if it
     * was made from these very weights, else made now.
     *
     * @param threads that make it, if it has to be made; 0 is one per processor
     * @throws InputException if nothing is quantised, or the file has to be made and cannot be
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
                        progress);
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
                PackedLinear packed = packedLinear(module);
                packed.writeTo(into);
                packed.unload();
            } else {
                HostTensor stored = checkpoint.tensor(module.weight(), module.shape());
                requireFinite(module, quantizer.findNonFinite(stored));
                quantizer.quantize(stored, into);
                unload(stored);
            }
        }

        @Override
        public void close() {
            quantizer.close();
        }
    }

    /** Places a quantised matrix; it lives as long as the backend. */
    Tensor place(LinearModule module, BackendMemory memory) {
        return cache == null ? make(module, memory) : memory.place(cache.tensor(module.weight()));
    }

    private Tensor make(LinearModule module, BackendMemory memory) {
        DType dtype = dtype(module);
        if (dtype == null) {
            throw new IllegalArgumentException(module.name() + " is not quantised");
        }
        if (packed(module)) {
            PackedLinear packed = packedLinear(module);
            Tensor tensor = memory.fillWeights(dtype, module.shape(), packed::writeTo);
            packed.unload();
            return tensor;
        }
        HostTensor stored = checkpoint.tensor(module.weight(), module.shape());
        requireFinite(module, memory.findNonFinite(stored));
        Tensor tensor = memory.quantize(stored, dtype);
        unload(stored);
        return tensor;
    }

    private void requireFinite(LinearModule module, long nonFinite) {
        if (nonFinite >= 0) {
            throw new InputException(
                    "%s: tensor %s has NaN or infinity at element %d"
                            .formatted(checkpoint.folder(), module.weight(), nonFinite));
        }
    }

    /** Gives mapped pages back: those of a 32B checkpoint would crowd out others. */
    private static void unload(HostTensor stored) {
        if (stored.data().isMapped()) {
            stored.data().unload();
        }
    }

    private PackedLinear packedLinear(LinearModule module) {
        if (scheme == null) {
            throw new IllegalStateException(module.name() + " is packed without a scheme");
        }
        PackedLinear packed = PackedLinear.of(checkpoint, scheme, module.name(), module.shape());
        if (!module.biased()) {
            packed.requireNoBias();
        }
        return packed;
    }

    /** Unmaps the cache; after the backend has closed. */
    @Override
    public void close() {
        if (cache != null) {
            cache.close();
        }
    }
}
