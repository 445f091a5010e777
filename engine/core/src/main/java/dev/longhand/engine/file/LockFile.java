package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * The exclusive right to write an output, among all processes and threads of the machine. It is a
 * lock on a file of its own beside the output, {@code OUT.lock}. POSIX drops all locks of a process
 * on a file when the process closes that file anywhere, so the lock file is opened here only, and a
 * second attempt of this process is refused before it opens the file. The system releases the lock
 * when the process ends, however it ends. The empty file remains: if it were deleted, two processes
 * could lock two files of the same name.
 */
public final class LockFile implements AutoCloseable {
    /** The extension of the file. */
    public static final String ENDING = ".lock";

    private static final Set<Path> HELD = new HashSet<>(); // of this process; guarded by itself

    private final Path file;
    private final FileChannel channel;
    private boolean held = true; // guarded by HELD

    private LockFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Locks an output until {@link #close}.
     *
     * @param output a file or folder, which need not exist; its parent must
     * @throws InputException if another run holds the lock, or the lock file cannot be opened
     */
    @SuppressWarnings("MustBeClosedChecker") // the caller closes it
    public static LockFile of(Path output) {
        try {
            return ifFree(output)
                    .orElseThrow(
                            () ->
                                    new InputException(
                                            output
                                                    + ": another run is writing it; wait for its"
                                                    + " end, or choose another output"));
        } catch (NoSuchFileException e) {
            throw new InputException(output + ": the folder does not exist", e);
        } catch (IOException e) {
            throw new InputException(
                    "%s: cannot be locked (%s: %s)"
                            .formatted(
                                    output,
                                    e.getClass().getSimpleName(),
                                    ErrorText.line(String.valueOf(e.getMessage()))),
                    e);
        }
    }

    /**
     * Locks an output until {@link #close}; empty if another run holds the lock.
     *
     * @param output a file or folder, which need not exist; its parent must
     * @throws IOException if the lock file cannot be opened
     */
    public static Optional<LockFile> ifFree(Path output) throws IOException {
        Path file = beside(output);
        synchronized (HELD) {
            if (HELD.contains(file)) {
                return Optional.empty();
            }
            Optional<LockFile> locked = lock(file);
            locked.ifPresent(lock -> HELD.add(file));
            return locked;
        }
    }

    private static Optional<LockFile> lock(Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock();
            if (lock != null) {
                return Optional.of(new LockFile(file, channel));
            }
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        channel.close();
        return Optional.empty();
    }

    /** Returns the lock file of an output, the same for all links that lead to the output. */
    private static Path beside(Path output) throws IOException {
        Path absolute = output.toAbsolutePath().normalize();
        Path folder = absolute.getParent();
        if (folder == null) {
            throw new InputException(output + ": is the root of the file system");
        }
        Path real =
                Files.exists(absolute)
                        ? absolute.toRealPath()
                        : folder.toRealPath().resolve(absolute.getFileName());
        return real.resolveSibling(real.getFileName() + ENDING);
    }

    /** Releases the lock; idempotent. */
    @Override
    public void close() {
        synchronized (HELD) {
            if (!held) {
                return;
            }
            held = false;
            try {
                channel.close();
            } catch (IOException e) {
                System.getLogger(LockFile.class.getName())
                        .log(System.Logger.Level.WARNING, "closing " + file, e);
            }
            HELD.remove(file);
        }
    }
}
