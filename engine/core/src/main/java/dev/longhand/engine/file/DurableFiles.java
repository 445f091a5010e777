package dev.longhand.engine.file;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Forces files and folders to the disk, so that they survive a power cut. */
public final class DurableFiles {
    private DurableFiles() {}

    /** Forces the content of a file, or the entries of a folder (new, renamed, deleted files). */
    public static void force(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** Forces the entry of a file in its folder, after the file was created or renamed. */
    public static void forceEntry(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            force(folder);
        }
    }
}
