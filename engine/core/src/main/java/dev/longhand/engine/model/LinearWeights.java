package dev.longhand.engine.model;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.engine.weights.LoadProgress;
import dev.longhand.engine.weights.PackedLinear;
import dev.longhand.engine.weights.QuantizationScheme;
import dev.longhand.engine.weights.WeightCache;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.quantization.HostQuantizer;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

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
    private static final String WEIGHT = ".weight";

    private final Checkpoint checkpoint;
    private final @Nullable QuantizationScheme scheme;
    private final @Nullable DType asked;
    private final Map<String, Shape> matrices;
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
        matrices = matrices(config);
    }

    /** The matrices of a model's linear layers, [outputs, inputs], by their tensors' names. */
    static Map<String, Shape> matrices(ModelConfig config) {
        int hidden = config.hiddenSize();
        int queries = config.heads() * config.headDim();
        int keys = config.kvHeads() * config.headDim();
        int intermediate = config.intermediateSize();
        Map<String, Shape> shapes = new LinkedHashMap<>();
        for (int i = 0; i < config.layers(); i++) {
            String layer = "model.layers." + i + ".";
            shapes.put(layer + "self_attn.q_proj.weight", Shape.of(queries, hidden));
            shapes.put(layer + "self_attn.k_proj.weight", Shape.of(keys, hidden));
            shapes.put(layer + "self_attn.v_proj.weight", Shape.of(keys, hidden));
            shapes.put(layer + "self_attn.o_proj.weight", Shape.of(hidden, queries));
            shapes.put(layer + "mlp.gate_proj.weight", Shape.of(intermediate, hidden));
            shapes.put(layer + "mlp.up_proj.weight", Shape.of(intermediate, hidden));
            shapes.put(layer + "mlp.down_proj.weight", Shape.of(hidden, intermediate));
        }
        String head = config.tiedEmbeddings() ? Qwen2Weights.EMBEDDING : Qwen2Weights.HEAD;
        shapes.put(head, Shape.of(config.vocabSize(), hidden));
        return shapes;
    }

    private static String module(String name) {
        return name.substring(0, name.length() - WEIGHT.length());
    }

    private boolean packed(String name) {
        return PackedLinear.isIn(checkpoint, module(name));
    }

    /** What a matrix is quantised to; null if it stays as it is stored. */
    private @Nullable DType dtype(String name) {
        if (!packed(name)) {
            return asked;
        }
        if (scheme == null) {
            throw new InputException(
                    "%s: %s is packed, but config.json has no quantization_config to say how"
                            .formatted(checkpoint.folder(), ErrorText.quote(module(name))));
        }
        return scheme.dtype();
    }

    /** How the checkpoint has quantised its linear layers, in words. */
    public String description() {
        long packed = matrices.keySet().stream().filter(this::packed).count();
        return scheme == null
                ? "no"
                : "%s (%d of %d matrices)".formatted(scheme.description(), packed, matrices.size());
    }

    /** Whether a matrix, by its tensor's name, is kept quantised. */
    boolean quantized(String name) {
        return dtype(name) != null;
    }

    /** The quantised dtypes that it keeps matrices in; empty if all stay as they are. */
    public Set<DType> dtypes() {
        Set<DType> dtypes = new LinkedHashSet<>();
        for (String name : matrices.keySet()) {
            DType dtype = dtype(name);
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
        for (Map.Entry<String, Shape> matrix : matrices.entrySet()) {
            String name = matrix.getKey();
            DType dtype = dtype(name);
            if (dtype != null) {
                boolean stays = name.equals(Qwen2Weights.EMBEDDING);
                bytes += dtype.bytes(matrix.getValue()) - (stays ? 0 : storedBytes(matrix));
            }
        }
        return bytes;
    }

    private long storedBytes(Map.Entry<String, Shape> matrix) {
        return packed(matrix.getKey())
                ? PackedLinear.bytes(checkpoint, module(matrix.getKey()))
                : checkpoint.tensor(matrix.getKey(), matrix.getValue()).bytes();
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
                (name, shape) -> {
                    DType dtype = dtype(name);
                    if (dtype != null) {
                        wanted.add(new WeightCache.Matrix(name, dtype, shape));
                    }
                });
        if (wanted.isEmpty()) {
            throw new InputException(
                    "a cache is for quantised weights: these stay as they are stored");
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
            if (packed(matrix.name())) {
                PackedLinear packed = packed(matrix.name(), matrix.shape());
                packed.writeTo(into);
                packed.unload();
            } else {
                HostTensor stored = checkpoint.tensor(matrix.name(), matrix.shape());
                requireFinite(matrix.name(), quantizer.findNonFinite(stored));
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
    Tensor place(String name, Shape shape, BackendMemory memory) {
        return cache == null ? make(name, shape, memory) : memory.place(cache.tensor(name));
    }

    private Tensor make(String name, Shape shape, BackendMemory memory) {
        DType dtype = dtype(name);
        if (dtype == null) {
            throw new IllegalArgumentException(name + " is not quantised");
        }
        if (packed(name)) {
            PackedLinear packed = packed(name, shape);
            Tensor tensor = memory.fillWeights(dtype, shape, packed::writeTo);
            packed.unload();
            return tensor;
        }
        HostTensor stored = checkpoint.tensor(name, shape);
        requireFinite(name, memory.findNonFinite(stored));
        Tensor tensor = memory.quantize(stored, dtype);
        unload(stored);
        return tensor;
    }

    private void requireFinite(String name, long nonFinite) {
        if (nonFinite >= 0) {
            throw new InputException(
                    "%s: tensor %s has NaN or infinity at element %d"
                            .formatted(checkpoint.folder(), name, nonFinite));
        }
    }

    /** Gives mapped pages back: those of a 32B checkpoint would crowd out others. */
    private static void unload(HostTensor stored) {
        if (stored.data().isMapped()) {
            stored.data().unload();
        }
    }

    private PackedLinear packed(String name, Shape shape) {
        if (scheme == null) {
            throw new IllegalStateException(name + " is packed without a scheme");
        }
        PackedLinear packed = PackedLinear.of(checkpoint, scheme, module(name), shape);
        if (!name.contains(".self_attn.") || name.contains("o_proj")) {
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
