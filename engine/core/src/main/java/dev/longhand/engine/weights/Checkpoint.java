package dev.longhand.engine.weights;

import dev.longhand.engine.error.FileChangedException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
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
import java.util.Set;

/**
 * The tensors of a checkpoint folder: {@code model.safetensors}, or the shards that {@code
 * model.safetensors.index.json} lists. Files are mapped, never copied. They must not be changed in
 * place while the checkpoint is open; {@link #requireUnchanged} finds out.
 */
public final class Checkpoint implements AutoCloseable {
    private static final String SINGLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private final Path folder;
    private final Arena arena;
    private final Map<String, SafetensorsFile> fileOf;
    private final List<SafetensorsFile> files;
    private final long bytes;

    private Checkpoint(Path folder, Arena arena, Map<String, SafetensorsFile> fileOf, long bytes) {
        this.folder = folder;
        this.arena = arena;
        this.fileOf = fileOf;
        files =
                fileOf.values().stream()
                        .distinct()
                        .sorted(Comparator.comparing(SafetensorsFile::path))
                        .toList();
        this.bytes = bytes;
    }

    /**
     * Maps the files of a folder.
     *
     * @throws InputException if a file is missing, unreadable or breaks its format
     */
    @SuppressWarnings("MustBeClosedChecker") // the checkpoint closes it
    public static Checkpoint open(Path folder) {
        Arena arena = Arena.ofShared();
        try {
            Path index = folder.resolve(INDEX);
            return Files.exists(index)
                    ? sharded(folder, ShardIndex.read(index), arena)
                    : single(folder, arena);
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
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

    /** Returns the checkpoint's folder. */
    public Path folder() {
        return folder;
    }

    /** Returns the names of all tensors. */
    public Set<String> names() {
        return Set.copyOf(fileOf.keySet());
    }

    /** Returns the files that hold the tensors, sorted by path. */
    public List<SafetensorsFile> files() {
        return files;
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
                            .formatted(folder, ErrorText.quote(name), tensor.dtype(), dtype));
        }
        return tensor;
    }

    /**
     * Returns a tensor of the expected shape, as a view of its mapped file.
     *
     * @throws InputException if it is missing, has another shape or a dtype that no kernel reads
     */
    public HostTensor tensor(String name, Shape expected) {
        SafetensorsFile file = fileOf.get(name);
        if (file == null) {
            throw new InputException(
                    "%s: the tensor %s is missing".formatted(folder, ErrorText.quote(name)));
        }
        HostTensor tensor = file.tensor(name);
        if (!tensor.shape().equals(expected)) {
            throw new InputException(
                    "%s: the tensor %s has shape %s, config.json asks for %s"
                            .formatted(folder, ErrorText.quote(name), tensor.shape(), expected));
        }
        return tensor;
    }

    /** Unmaps the files; idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
