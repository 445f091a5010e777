package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.AdapterTarget;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.gguf.GgufAdapter;
import dev.longhand.engine.weights.GgufTensors;
import dev.longhand.engine.weights.SafetensorsFile;
import dev.longhand.engine.weights.TensorFile;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A reader of adapters for one model: of PEFT folders ({@code adapter_config.json} and {@code
 * adapter_model.safetensors}) and of GGUF files. Each delta keeps the rank of its own matrices.
 */
public final class AdapterReader {
    /** The file of the matrices in an adapter's folder. */
    static final String FILE = "adapter_model.safetensors";

    private static final long ALIGNMENT = 64;
    private static final Pattern NAME =
            Pattern.compile("base_model\\.model\\.(.+)\\.lora_([AB])\\.weight");

    /** The layer index within a module's name. */
    private static final Pattern LAYER = Pattern.compile("\\.(0|[1-9]\\d{0,3})\\.");

    private final ModelLayout layout;
    private final int headDim;
    private final Map<String, AdapterTarget> targets;

    /** Creates a reader of adapters for a model. */
    public AdapterReader(ModelConfig model) {
        layout = model.layout();
        headDim = model.headDim();
        targets = layout.adapterTargets();
    }

    /** The matrices A and B of one module, as the file stores them. */
    private record Pair(HostTensor a, HostTensor b) {}

    /**
     * Reads a folder.
     *
     * @param reserve called with the adapter's size in bytes before the memory is allocated; may
     *     throw to refuse it
     * @throws InputException if a file cannot be read or breaks its format, or if the adapter does
     *     not fit the model or cannot be applied exactly; nothing stays allocated
     */
    public Adapter read(Path folder, LongConsumer reserve) {
        return read(AdapterFolder.ofOperator(folder), 1, reserve);
    }

    /**
     * Reads a folder and multiplies every scale by a factor.
     *
     * @param factor multiplies alpha / rank
     */
    Adapter read(AdapterFolder folder, float factor, LongConsumer reserve) {
        try {
            return readFiles(folder, factor, reserve);
        } catch (InputException e) {
            throw folder.shown(e);
        }
    }

    /** The files of an adapter. */
    private record Source(Path path, TensorFile file, AdapterConfig config) {}

    private Source source(AdapterFolder folder, Arena mapping) {
        Optional<Path> path = folder.gguf();
        if (path.isPresent()) {
            GgufAdapter gguf = GgufAdapter.open(path.get(), headDim, mapping);
            return new Source(
                    path.get(),
                    new GgufTensors(gguf.file(), gguf.tensors()),
                    AdapterConfig.of(gguf.config(), layout));
        }
        AdapterConfig config = AdapterConfig.read(folder, layout);
        Path weights = folder.file(FILE);
        return new Source(weights, SafetensorsFile.open(weights, mapping), config);
    }

    @SuppressWarnings("MustBeClosedChecker") // the adapter closes its memory
    private Adapter readFiles(AdapterFolder folder, float factor, LongConsumer reserve) {
        try (Arena mapping = Arena.ofShared()) {
            Source source = source(folder, mapping);
            Path path = source.path;
            AdapterConfig config = source.config;
            SortedMap<AdapterTarget, Pair> pairs = pairs(path, source.file);
            checkTargets(path, config, pairs.keySet());
            pairs.forEach((target, pair) -> checkShapes(path, config, target, pair));
            Arena arena = Arena.ofShared();
            try {
                Adapter copied = new Copier(path, config, factor, arena).copy(pairs, reserve);
                if (source.file.changed()) {
                    throw new InputException(path + ": was changed while it was read");
                }
                return copied;
            } catch (RuntimeException | Error e) {
                arena.close();
                throw e;
            }
        }
    }

    private SortedMap<AdapterTarget, Pair> pairs(Path path, TensorFile file) {
        SortedMap<AdapterTarget, HostTensor> a = new TreeMap<>();
        SortedMap<AdapterTarget, HostTensor> b = new TreeMap<>();
        for (String name : file.names()) {
            Matcher parts = NAME.matcher(name);
            AdapterTarget target = parts.matches() ? target(path, name, parts.group(1)) : null;
            if (target == null) {
                throw new InputException(
                        "%s: tensor %s is not a LoRA matrix of a linear layer of this model"
                                .formatted(path, ErrorText.quote(name)));
            }
            (parts.group(2).equals("A") ? a : b).put(target, file.tensor(name));
        }
        if (a.isEmpty() && b.isEmpty()) {
            throw new InputException(path + ": no LoRA matrices");
        }
        SortedMap<AdapterTarget, Pair> pairs = new TreeMap<>();
        for (Map.Entry<AdapterTarget, HostTensor> entry : a.entrySet()) {
            HostTensor other = b.remove(entry.getKey());
            if (other == null) {
                throw alone(path, entry.getKey());
            }
            pairs.put(entry.getKey(), new Pair(entry.getValue(), other));
        }
        if (!b.isEmpty()) {
            throw alone(path, b.firstKey());
        }
        return pairs;
    }

    private @Nullable AdapterTarget target(Path path, String tensor, String module) {
        AdapterTarget target = targets.get(module);
        if (target == null && targets.containsKey(LAYER.matcher(module).replaceFirst(".0."))) {
            throw new InputException(
                    "%s: tensor %s: the model has %d layers"
                            .formatted(path, ErrorText.quote(tensor), layout.layers().size()));
        }
        return target;
    }

    private InputException alone(Path path, AdapterTarget target) {
        return new InputException(
                "%s: %s has only one of its two matrices"
                        .formatted(path, layout.linear(target).name()));
    }

    private void checkTargets(Path path, AdapterConfig config, Set<AdapterTarget> found) {
        targets.forEach(
                (module, target) -> {
                    boolean there = found.contains(target);
                    if (config.targets(module, target.layer()) != there) {
                        throw new InputException(
                                there
                                        ? "%s: %s has matrices but is not among the target modules"
                                                .formatted(path, module)
                                        : "%s: %s is a target module but has no matrices"
                                                .formatted(path, module));
                    }
                });
    }

    private void checkShapes(Path path, AdapterConfig config, AdapterTarget target, Pair pair) {
        LinearModule linear = layout.linear(target);
        String module = linear.name();
        Shape base = linear.shape();
        int rank = config.rank(module);
        Shape a = Shape.of(rank, base.extent(1));
        Shape b = Shape.of(base.extent(0), rank);
        if (!pair.a.shape().equals(a) || !pair.b.shape().equals(b)) {
            throw new InputException(
                    "%s: %s: A %s and B %s, the model and adapter_config.json ask for %s and %s"
                            .formatted(path, module, pair.a.shape(), pair.b.shape(), a, b));
        }
        for (HostTensor matrix : List.of(pair.a, pair.b)) {
            if (matrix.dtype() == DType.I32) {
                throw new InputException("%s: %s has integers".formatted(path, module));
            }
        }
    }

    /** Copies checked pairs into one buffer and computes the identity on the way. */
    private final class Copier {
        private final Path path;
        private final AdapterConfig config;
        private final float factor;
        private final Arena arena;
        private final MessageDigest digest = Sha256.digest();
        private MemorySegment free = MemorySegment.NULL;

        Copier(Path path, AdapterConfig config, float factor, Arena arena) {
            this.path = path;
            this.config = config;
            this.factor = factor;
            this.arena = arena;
        }

        Adapter copy(SortedMap<AdapterTarget, Pair> pairs, LongConsumer reserve) {
            long bytes = 0;
            for (Pair pair : pairs.values()) {
                bytes += padded(pair.a, pair) + padded(pair.b, pair);
            }
            reserve.accept(bytes);
            free = arena.allocate(bytes, ALIGNMENT);
            List<Adapter.Change> changes = new ArrayList<>();
            pairs.forEach((target, pair) -> changes.add(change(target, pair)));
            String identity = Sha256.hex(digest);
            return new Adapter(arena, identity, bytes, changes);
        }

        private Adapter.Change change(AdapterTarget target, Pair pair) {
            LinearModule linear = layout.linear(target);
            String module = linear.name();
            float scale = factor * config.scale(module);
            digest.update(
                    "%s %s %08x "
                            .formatted(module, pair.b.shape(), Float.floatToIntBits(scale))
                            .getBytes(StandardCharsets.UTF_8));
            HostTensor a = copy(module, pair.a, pair);
            HostTensor b = copy(module, pair.b, pair);
            return new Adapter.Change(target, linear, new LoraMatrix(a, b, scale));
        }

        /**
         * Returns the dtype that both matrices are copied to: their common dtype, or F32 if they
         * differ. Every other dtype widens to F32 exactly.
         */
        private static DType dtype(Pair pair) {
            return pair.a.dtype() == pair.b.dtype() ? pair.a.dtype() : DType.F32;
        }

        private static long padded(HostTensor tensor, Pair pair) {
            long bytes = tensor.shape().elements() * dtype(pair).bytes();
            return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }

        private HostTensor copy(String module, HostTensor tensor, Pair pair) {
            long at = tensor.findNonFinite();
            if (at >= 0) {
                throw new InputException(
                        "%s: %s has NaN or infinity at element %d of a matrix"
                                .formatted(path, module, at));
            }
            DType dtype = dtype(pair);
            long bytes = tensor.shape().elements() * dtype.bytes();
            HostTensor copy = new HostTensor(dtype, tensor.shape(), free.asSlice(0, bytes));
            free = free.asSlice(padded(tensor, pair));
            if (dtype == tensor.dtype()) {
                copy.data().copyFrom(tensor.data());
            } else {
                for (long i = 0; i < tensor.shape().elements(); i++) {
                    copy.set(i, tensor.get(i));
                }
            }
            digest.update(dtype.name().getBytes(StandardCharsets.UTF_8));
            for (long done = 0; done < bytes; done += Integer.MAX_VALUE) {
                long part = Math.min(Integer.MAX_VALUE, bytes - done);
                ByteBuffer buffer = copy.data().asSlice(done, part).asByteBuffer();
                digest.update(buffer);
            }
            return copy;
        }
    }
}
