package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.Sha256;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.QuantizedMatrix;
import dev.longhand.kernels.tensor.Shape;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * A file of quantised matrices beside their checkpoint, in the layout that the kernels read. It is
 * created once and mapped from then on. The format is safetensors, but with another file extension,
 * so that no tool takes it for weights of the checkpoint. The file records the SHA-256 of its
 * source: names, sizes and modification times of the checkpoint's files, {@code config.json} and
 * the version of the layout. A cache with another source is created again. A file with the final
 * name is always complete, see {@link WeightCacheWriter}.
 */
public final class WeightCache implements AutoCloseable {
    /** The extension of the file. */
    public static final String ENDING = ".weights";

    static final String SOURCE = "source";

    private final Arena arena;
    private final Map<String, HostTensor> tensors;

    private WeightCache(Arena arena, Map<String, HostTensor> tensors) {
        this.arena = arena;
        this.tensors = tensors;
    }

    /**
     * One matrix of the cache.
     *
     * @param name of its unquantised tensor, whether or not the checkpoint has one
     */
    public record Matrix(String name, DType dtype, Shape shape) {
        long bytes() {
            return dtype.bytes(shape);
        }
    }

    /** A producer of the matrices of one cache, called for one matrix after another. */
    public interface Maker extends AutoCloseable {
        /** Writes a matrix into zero-filled host memory. */
        void make(Matrix matrix, HostTensor into);

        @Override
        void close();
    }

    /**
     * Opens the cache, creating it first if it is missing or outdated.
     *
     * @param name of the file without its extension
     * @param matrices all matrices that it must contain
     * @param makers opens a maker if the cache must be created
     * @throws InputException if the cache must be created and cannot be; no file is left then
     */
    public static WeightCache open(
            Checkpoint checkpoint,
            String name,
            List<Matrix> matrices,
            Supplier<Maker> makers,
            LoadProgress progress) {
        Path file = checkpoint.folder().resolve(name + ENDING);
        String source = source(checkpoint);
        if (Files.exists(file)) {
            WeightCache found = map(file, source, matrices, progress);
            if (found != null) {
                return found;
            }
        }
        try (Maker maker = makers.get()) {
            progress.noted("writing quantised weights to " + file + " for the next time");
            new WeightCacheWriter(file, source, matrices).write(maker, progress);
        }
        WeightCache made = map(file, source, matrices, progress);
        if (made == null) {
            throw new InputException(file + ": was replaced by another process, which used others");
        }
        return made;
    }

    /** Returns the SHA-256 of a cache's source. */
    private static String source(Checkpoint checkpoint) {
        StringBuilder text = new StringBuilder("layout " + QuantizedMatrix.LAYOUT_VERSION + "\n");
        try {
            for (SafetensorsFile file : checkpoint.files()) {
                text.append(
                        "%s %d %s%n"
                                .formatted(
                                        file.path().getFileName(),
                                        file.whole().byteSize(),
                                        Files.getLastModifiedTime(file.path()).toInstant()));
            }
            text.append(Files.readString(checkpoint.folder().resolve("config.json")));
            return Sha256.hex(text.toString());
        } catch (IOException e) {
            throw new InputException(
                    "%s: cannot be read (%s)"
                            .formatted(
                                    checkpoint.folder(),
                                    ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    /** Maps the file. If it is not the expected cache, notes the reason and returns null. */
    @SuppressWarnings("MustBeClosedChecker") // the cache closes it
    private static @Nullable WeightCache map(
            Path file, String source, List<Matrix> matrices, LoadProgress progress) {
        Arena arena = Arena.ofShared();
        try {
            SafetensorsFile mapped = SafetensorsFile.open(file, arena);
            if (!source.equals(mapped.metadata().get(SOURCE))) {
                throw new InputException(file + ": was made from other weights or settings");
            }
            Map<String, HostTensor> tensors = new HashMap<>();
            for (Matrix matrix : matrices) {
                MemorySegment slice = mapped.slice(matrix.name());
                if (slice.byteSize() != matrix.bytes()) {
                    throw new InputException(
                            "%s: %s takes %d bytes, should take %d"
                                    .formatted(
                                            file,
                                            ErrorText.quote(matrix.name()),
                                            slice.byteSize(),
                                            matrix.bytes()));
                }
                tensors.put(matrix.name(), new HostTensor(matrix.dtype(), matrix.shape(), slice));
            }
            return new WeightCache(arena, tensors);
        } catch (InputException e) {
            arena.close();
            progress.noted(e.getMessage() + "; it is made anew");
            return null;
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /** Returns a matrix, as a view of the mapped file. */
    public HostTensor tensor(String name) {
        HostTensor tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("the cache was not asked for " + name);
        }
        return tensor;
    }

    /** Unmaps the file; idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
