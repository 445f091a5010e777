package dev.longhand.engine.weights;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.status.LoadProgress;
import dev.longhand.kernels.tensor.HostTensor;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * A writer of a {@link WeightCache}. It holds the cache's lock, writes a partial file under a
 * unique name, forces it to disk and then renames it. An interrupted write leaves at most the
 * partial file, which no reader opens and a later writer removes.
 */
final class WeightCacheWriter {
    private static final String PARTIAL = ".partial";
    private static final int ALIGNMENT_BYTES = 4096;

    /** Minimum age of a partial file for removal: versions without a lock may be writing it. */
    private static final Duration ABANDONED_AFTER = Duration.ofMinutes(1);

    private final Path file;
    private final List<WeightCache.Matrix> matrices;
    private final Map<String, String> metadata = new TreeMap<>();
    private final long totalBytes;
    private long doneBytes;

    WeightCacheWriter(Path file, String source, List<WeightCache.Matrix> matrices) {
        this.file = file;
        this.matrices = matrices;
        totalBytes = matrices.stream().mapToLong(WeightCache.Matrix::bytes).sum();
        metadata.put("format", "longhand");
        metadata.put(WeightCache.SOURCE, source);
        for (WeightCache.Matrix matrix : matrices) {
            metadata.put(WeightCache.sumKey(matrix), TensorSum.UNKNOWN);
        }
    }

    /**
     * Writes the file, unless another run is writing it.
     *
     * @param makers opens the maker of the matrices
     * @param check throws if the source changed while the matrices were made; no file is left then
     * @return whether the file was written
     * @throws InputException if it cannot be written; no file is left then
     */
    boolean write(Supplier<WeightCache.Maker> makers, Runnable check, LoadProgress progress) {
        Optional<LockFile> lock;
        try {
            lock = LockFile.ifFree(file);
        } catch (IOException e) {
            throw unwritable(e);
        }
        if (lock.isEmpty()) {
            return false;
        }
        try (LockFile _ = lock.get();
                WeightCache.Maker maker = makers.get()) {
            progress.noted("writing quantised weights to " + file + " for the next time");
            write(maker, check, progress);
        }
        return true;
    }

    private void write(WeightCache.Maker maker, Runnable check, LoadProgress progress) {
        // It has the extension of a finished cache, which copies of a checkpoint leave out.
        Path partial =
                file.resolveSibling(
                        file.getFileName()
                                + "-"
                                + UUID.randomUUID()
                                + PARTIAL
                                + WeightCache.ENDING);
        try {
            removeAbandoned();
            long free = Files.getFileStore(file.toAbsolutePath().getParent()).getUsableSpace();
            if (free < totalBytes) {
                throw new IOException(
                        "it takes %d bytes, the disk has %d".formatted(totalBytes, free));
            }
            try (FileChannel channel =
                    FileChannel.open(
                            partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                SafetensorsWriter.write(channel, MemorySegment.ofArray(header()));
                for (WeightCache.Matrix matrix : matrices) {
                    write(channel, maker, matrix);
                    progress.loaded(doneBytes, totalBytes);
                }
                channel.position(0); // again, of the same length, as the checksums are known now
                SafetensorsWriter.write(channel, MemorySegment.ofArray(header()));
                channel.force(true);
                check.run();
                Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
            }
            DurableFiles.forceEntry(file);
        } catch (IOException e) {
            throw unwritable(e);
        } finally {
            try {
                Files.deleteIfExists(partial);
            } catch (IOException e) {
                progress.noted(partial + ": cannot be deleted");
            }
        }
    }

    private InputException unwritable(IOException e) {
        return new InputException(
                "%s: quantised weights cannot be kept there (%s: %s); open without a cache"
                        .formatted(
                                file,
                                e.getClass().getSimpleName(),
                                ErrorText.line(String.valueOf(e.getMessage()))),
                e);
    }

    /** Deletes the partial files of earlier writers, which were interrupted. */
    private void removeAbandoned() throws IOException {
        String glob = file.getFileName() + "-*" + PARTIAL + WeightCache.ENDING;
        try (DirectoryStream<Path> partials =
                Files.newDirectoryStream(file.toAbsolutePath().getParent(), glob)) {
            for (Path partial : partials) {
                Instant written = Files.getLastModifiedTime(partial).toInstant();
                if (written.isBefore(Instant.now().minus(ABANDONED_AFTER))) {
                    Files.deleteIfExists(partial);
                }
            }
        }
    }

    /**
     * Returns the header. It declares every tensor as bytes (U8) and makes tensor data begin at a
     * page boundary.
     */
    private byte[] header() {
        return SafetensorsWriter.header(
                metadata,
                matrices.stream()
                        .map(
                                matrix ->
                                        new SafetensorsWriter.Entry(
                                                matrix.name(),
                                                "U8",
                                                List.of(matrix.bytes()),
                                                matrix.bytes()))
                        .toList(),
                ALIGNMENT_BYTES);
    }

    private void write(FileChannel channel, WeightCache.Maker maker, WeightCache.Matrix matrix)
            throws IOException {
        try (Arena arena = Arena.ofShared()) {
            HostTensor made = HostTensor.allocate(arena, matrix.dtype(), matrix.shape());
            maker.make(matrix, made);
            SafetensorsWriter.write(channel, made.data());
            metadata.put(WeightCache.sumKey(matrix), TensorSum.of(made.data()));
        }
        doneBytes += matrix.bytes();
    }
}
