package dev.longhand.engine.weights;

import dev.longhand.engine.error.FileChangedException;
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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A file of quantised matrices beside their checkpoint, in the layout that the kernels read. It is
 * created once and mapped from then on. The format is safetensors, but with another file extension,
 * so that no tool takes it for weights of the checkpoint. A file with the final name is always
 * complete, see {@link WeightCacheWriter}.
 *
 * <p>The file records a fingerprint of its source: names, sizes and modification times of the
 * checkpoint's files, samples of every tensor, {@code config.json} and the version of the layout.
 * It also records the CRC32C of every matrix. Opening the file checks all of them: this reads the
 * file once, in parallel, which the first step would do anyway, and no damage can reach an answer.
 * A cache that is damaged or has another source is created again.
 */
public final class WeightCache implements AutoCloseable {
    /** The extension of the file. */
    public static final String ENDING = ".weights";

    static final String SOURCE = "source";

    private static final long SAMPLE_BYTES = 4096;

    private final Arena arena;
    private final SafetensorsFile file;
    private final Map<String, HostTensor> tensors;

    private WeightCache(Arena arena, SafetensorsFile file, Map<String, HostTensor> tensors) {
        this.arena = arena;
        this.file = file;
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

    /** Returns the key of the header's metadata under which a matrix's checksum is. */
    static String sumKey(Matrix matrix) {
        return "crc32c " + matrix.name;
    }

    /**
     * Opens the cache, creating it first if it is missing, damaged or outdated.
     *
     * @param name of the file without its extension
     * @param matrices all matrices that it must contain
     * @param makers opens a maker if the cache must be created
     * @return empty if the cache must be created and another run is doing that now
     * @throws InputException if the cache must be created and cannot be; no file is left then
     */
    public static Optional<WeightCache> open(
            Checkpoint checkpoint,
            String name,
            List<Matrix> matrices,
            Supplier<Maker> makers,
            LoadProgress progress) {
        Path path = checkpoint.path();
        Path file =
                Files.isDirectory(path)
                        ? path.resolve(name + ENDING)
                        : path.resolveSibling(path.getFileName() + "." + name + ENDING);
        String source = source(checkpoint);
        if (Files.exists(file)) {
            WeightCache found = map(file, source, matrices, progress);
            if (found != null) {
                return Optional.of(found);
            }
        }
        if (!new WeightCacheWriter(file, source, matrices)
                .write(makers, checkpoint::requireUnchanged, progress)) {
            progress.noted(
                    "another run is writing "
                            + file
                            + ": this one keeps its quantised weights in memory");
            return Optional.empty();
        }
        WeightCache made = map(file, source, matrices, progress);
        if (made == null) {
            throw new InputException(file + ": was replaced by another process, which used others");
        }
        return Optional.of(made);
    }

    /** Returns the fingerprint of a cache's source, a SHA-256. */
    private static String source(Checkpoint checkpoint) {
        MessageDigest digest = Sha256.digest();
        update(digest, "layout " + QuantizedMatrix.LAYOUT_VERSION + "\n");
        try {
            for (TensorFile file : checkpoint.files()) {
                update(
                        digest,
                        "%s %d %s%n"
                                .formatted(
                                        file.path().getFileName(),
                                        file.whole().byteSize(),
                                        Files.getLastModifiedTime(file.path()).toInstant()));
                file.names().stream().sorted().forEach(tensor -> sample(digest, file, tensor));
            }
            if (Files.isDirectory(checkpoint.path())) {
                update(digest, Files.readString(checkpoint.path().resolve("config.json")));
            }
            return Sha256.hex(digest);
        } catch (IOException e) {
            throw new InputException(
                    "%s: cannot be read (%s)"
                            .formatted(
                                    checkpoint.path(),
                                    ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    private static void update(MessageDigest digest, String text) {
        digest.update(text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Adds the beginning, the middle and the end of a tensor. Other weights of the same size and
     * time differ in nearly every tensor; reading all of them would take as long as quantising.
     */
    private static void sample(MessageDigest digest, TensorFile file, String tensor) {
        MemorySegment bytes = file.slice(tensor);
        update(digest, tensor);
        long last = Math.max(0, bytes.byteSize() - SAMPLE_BYTES);
        for (long start : new long[] {0, last / 2, last}) {
            long count = Math.min(SAMPLE_BYTES, bytes.byteSize());
            digest.update(bytes.asSlice(start, count).asByteBuffer());
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
                tensors.put(
                        matrix.name(),
                        new HostTensor(matrix.dtype(), matrix.shape(), slice(mapped, matrix)));
            }
            matrices.parallelStream().forEach(matrix -> requireWhole(mapped, matrix));
            return new WeightCache(arena, mapped, tensors);
        } catch (InputException e) {
            arena.close();
            progress.noted(e.getMessage() + "; it is made anew");
            return null;
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    private static MemorySegment slice(SafetensorsFile mapped, Matrix matrix) {
        MemorySegment slice = mapped.slice(matrix.name());
        if (slice.byteSize() != matrix.bytes()) {
            throw new InputException(
                    "%s: %s takes %d bytes, should take %d"
                            .formatted(
                                    mapped.path(),
                                    ErrorText.quote(matrix.name()),
                                    slice.byteSize(),
                                    matrix.bytes()));
        }
        return slice;
    }

    private static void requireWhole(SafetensorsFile mapped, Matrix matrix) {
        String stored = mapped.metadata().get(sumKey(matrix));
        if (!TensorSum.of(mapped.slice(matrix.name())).equals(stored)) {
            throw new InputException(
                    "%s: %s is damaged (its checksum does not match)"
                            .formatted(mapped.path(), ErrorText.quote(matrix.name())));
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

    /**
     * Checks that everything read from the file so far is right.
     *
     * @throws FileChangedException if the file was changed in place since it was opened
     */
    public void requireUnchanged() {
        file.requireUnchanged();
    }

    /** Unmaps the file; idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
