package dev.longhand.kernels;

import dev.longhand.bindings.cpu.CpuAvailability;
import dev.longhand.bindings.cpu.CpuLibrary;
import dev.longhand.bindings.cpu.FileWatch;
import dev.longhand.kernels.cpu.CpuBackend;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A file that is mapped read-only as a whole, and watched for changes. A change in place (a copy
 * over the file, a truncation) makes everything computed from the mapping doubtful: {@link
 * #changed} reports it. A file that another one replaces under the same path, or that is deleted,
 * stays as it was in the mapping.
 *
 * <p>With the CPU kernel library, a file that shrinks becomes zeros in the mapping. Without the
 * library, Java throws {@link InternalError} for a read beyond its end.
 */
public final class MappedFile {
    private final Path file;
    private final MemorySegment bytes;
    private final BasicFileAttributes opened;
    private final @Nullable FileWatch watch;

    private MappedFile(
            Path file, MemorySegment bytes, BasicFileAttributes opened, @Nullable FileWatch watch) {
        this.file = file;
        this.bytes = bytes;
        this.opened = opened;
        this.watch = watch;
    }

    /**
     * Maps a file until the arena closes.
     *
     * @throws IOException if it cannot be read
     */
    public static MappedFile open(Path file, Arena arena) throws IOException {
        BasicFileAttributes opened = Files.readAttributes(file, BasicFileAttributes.class);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment bytes =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
            FileWatch watch =
                    CpuBackend.availability() instanceof CpuAvailability.Present(CpuLibrary library)
                            ? library.watch(file, bytes, arena).orElse(null)
                            : null;
            return new MappedFile(file, bytes, opened, watch);
        }
    }

    /** The content, mapped. */
    public MemorySegment bytes() {
        return bytes;
    }

    /** Returns whether the file has changed in place since it was mapped; any thread may call. */
    public boolean changed() {
        return watch != null ? watch.changed() : changedByAttributes();
    }

    private boolean changedByAttributes() {
        try {
            BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
            return Objects.equals(now.fileKey(), opened.fileKey())
                    && (now.size() != opened.size()
                            || !now.lastModifiedTime().equals(opened.lastModifiedTime()));
        } catch (IOException e) {
            return false; // deleted; the mapping keeps the content
        }
    }
}
