package dev.longhand.engine.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/** Writes that survive a power cut: files and folders are forced to the disk. */
public final class DurableFiles {
    private DurableFiles() {}

    /** Writes the content of a file from its start. */
    @FunctionalInterface
    public interface Content {
        void write(FileChannel file) throws IOException;
    }

    /**
     * Replaces a file as a whole: its content is written beside it, forced to the disk and then
     * renamed. A write that fails leaves the file as it was, and nothing beside it.
     */
    public static void replace(Path file, Content content) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".partial");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            partial,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                content.write(channel);
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
        forceEntry(file);
    }

    /** Replaces a file as a whole by a text in UTF-8. */
    public static void replace(Path file, String text) throws IOException {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        replace(
                file,
                channel -> {
                    while (bytes.hasRemaining()) {
                        channel.write(bytes);
                    }
                });
    }

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
