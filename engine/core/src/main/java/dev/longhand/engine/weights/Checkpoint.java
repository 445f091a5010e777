package dev.longhand.engine.weights;

import dev.longhand.engine.error.FileChangedException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.gguf.GgufFile;
import dev.longhand.engine.gguf.GgufModel;
import dev.longhand.engine.gguf.GgufTensor;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a checkpoint: of a folder with {@code model.safetensors} or the shards that {@code
 * model.safetensors.index.json} lists, or of a GGUF model. Files are mapped, and nothing but rows
 * that a GGUF file has in another order is copied. They must not be changed in place while the
 * checkpoint is open; {@link #requireUnchanged} finds out.
 */
public final class Checkpoint implements AutoCloseable {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final Path path;
    private final Arena arena;
    private final Map<String, ? extends TensorFile> fileOf;
    private final List<TensorFile> files;
    private final long bytes;

    private Checkpoint(
            Path path, Arena arena, Map<String, ? extends TensorFile> fileOf, long bytes) {
        this.path = path;
        this.arena = arena;
        this.fileOf = fileOf;
        files =
                fileOf.values().stream()
                        .<TensorFile>map(file -> file)
                        .distinct()
                        .sorted(Comparator.comparing(TensorFile::path))
                        .toList();
        this.bytes = bytes;
    }

    /**
     * Maps the files of a model.
     *
     * @param folder a folder, or a GGUF file
     * @throws InputException if a file is missing, unreadable or breaks its format
     */
    @SuppressWarnings("MustBeClosedChecker") // the checkpoint closes it
    public static Checkpoint open(Path folder) {
        Arena arena = Arena.ofShared();
        try {
            Optional<Path> gguf = GgufModel.file(folder);
            if (gguf.isPresent()) {
                return gguf(gguf.get(), arena);
            }
            Path index = folder.resolve(INDEX);
            return Files.exists(index)
                    ? sharded(folder, ShardIndex.read(index), arena)
                    : single(folder, arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static Checkpoint gguf(Path path, Arena arena) {
        GgufModel model = GgufModel.open(path, arena);
        Map<String, GgufTensors> fileOf = new HashMap<>();
        long bytes = 0;
        for (Map.Entry<GgufFile, Map<String, GgufTensor>> part : model.parts().entrySet()) {
            GgufTensors file = new GgufTensors(part.getKey(), part.getValue());
            file.names().forEach(name -> fileOf.put(name, file));
            bytes += file.bytes();
        }
        return new Checkpoint(path, arena, fileOf, bytes);
    }

    private static Checkpoint single(Path folder, Arena arena) {
        SafetensorsFile file = SafetensorsFile.open(folder.resolve(SINGLE), arena);
        Map<String, SafetensorsFile> fileOf = new HashMap<>();
        file.names().forEach(name -> fileOf.put(name, file));
        return new Checkpoint(folder, arena, fileOf, file.bytes());
    }

    private static Checkpoint sharded(Path folder, ShardIndex index, Arena arena) {
        Map<String, SafetensorsFile> shards = new HashMap<>();
        long bytes = 0;
        for (String shard : index.shards()) {
            SafetensorsFile file = SafetensorsFile.open(folder.resolve(shard), arena);
            shards.put(shard, file);
            bytes += file.bytes();
        }
        Map<String, SafetensorsFile> fileOf = new HashMap<>();
        index.shardOf().forEach((name, shard) -> fileOf.put(name, shards.get(shard)));
        return new Checkpoint(folder, arena, fileOf, bytes);
    }

    /** Returns the checkpoint's folder, or its GGUF file. */
    public Path path() {
        return path;
    }

    /** Returns whether it is a folder of safetensors, not a GGUF model. */
    public boolean isFolder() {
        return files.stream().allMatch(SafetensorsFile.class::isInstance);
    }

    /** Returns the names of all tensors. */
    public Set<String> names() {
        return Set.copyOf(fileOf.keySet());
    }

    /** Returns the files that hold the tensors, sorted by path. */
    public List<TensorFile> files() {
        return files;
    }

    /**
     * Returns the files of a folder, sorted by path.
     *
     * @throws InputException if the checkpoint is a GGUF model
     */
    public List<SafetensorsFile> shards() {
        return files.stream()
                .map(
                        file -> {
                            if (file instanceof SafetensorsFile shard) {
                                return shard;
                            }
                            throw new InputException(
                                    file.path() + ": is a GGUF file; safetensors are needed here");
                        })
                .toList();
    }

    /**
     * Checks that everything read from the files so far is right. Takes about a microsecond per
     * file and allocates nothing; any thread may call.
     *
     * @throws FileChangedException if a file was changed in place since the checkpoint was opened
     */
    public void requireUnchanged() {
        for (int i = 0; i < files.size(); i++) {
            files.get(i).requireUnchanged();
        }
    }

    /** Returns the total size of the files' tensor data, in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Returns whether a tensor of that name exists. */
    public boolean has(String name) {
        return fileOf.containsKey(name);
    }

    /** Returns the size of an existing tensor, in bytes. */
    long bytes(String name) {
        return Objects.requireNonNull(fileOf.get(name)).slice(name).byteSize();
    }

    /**
     * Returns a tensor of the expected shape and dtype, as a view of its mapped file.
     *
     * @throws InputException if it is missing, or has another shape or dtype
     */
    HostTensor tensor(String name, Shape expected, DType dtype) {
        HostTensor tensor = tensor(name, expected);
        if (tensor.dtype() != dtype) {
            throw new InputException(
                    "%s: the tensor %s is %s, must be %s"
                            .formatted(path, ErrorText.quote(name), tensor.dtype(), dtype));
        }
        return tensor;
    }

    /**
     * Returns a tensor of the expected shape, as a view of its mapped file.
     *
     * @throws InputException if it is missing, has another shape or a dtype that no kernel reads
     */
    public HostTensor tensor(String name, Shape expected) {
        TensorFile file = fileOf.get(name);
        if (file == null) {
            throw new InputException(
                    "%s: the tensor %s is missing".formatted(path, ErrorText.quote(name)));
        }
        HostTensor tensor = file.tensor(name);
        requireShape(name, tensor.shape(), expected);
        return tensor;
    }

    void requireShape(String name, Shape found, Shape expected) {
        if (!found.equals(expected)) {
            throw new InputException(
                    "%s: the tensor %s has shape %s, config.json asks for %s"
                            .formatted(path, ErrorText.quote(name), found, expected));
        }
    }

    /**
     * Returns a tensor of a GGUF file whose type is quantised; empty if it is stored otherwise or
     * missing.
     */
    Optional<GgufTensor> blocks(String name) {
        return fileOf.get(name) instanceof GgufTensors file && file.stored(name).type().quantized()
                ? Optional.of(file.stored(name))
                : Optional.empty();
    }

    /** Returns the type of a tensor of a GGUF file, such as Q4_K; empty for other files. */
    public Optional<String> type(String name) {
        return fileOf.get(name) instanceof GgufTensors file
                ? Optional.of(file.stored(name).type().name())
                : Optional.empty();
    }

    /** Unmaps the files; idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
