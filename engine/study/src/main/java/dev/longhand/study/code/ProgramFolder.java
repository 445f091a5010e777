package dev.longhand.study.code;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * The temporary folder of one program. What the program leaves there may be hostile: folders that
 * are too deep for a path, or that their owner may not read.
 */
final class ProgramFolder implements Closeable {
    private static final int FILES_MAX = 1000;
    private static final long BYTES_MAX = 64L << 20;
    private static final int DEPTH_MAX = 32;
    private static final String PREFIX = "longhand-code";

    private final Path folder;

    /** Creates an empty folder. */
    ProgramFolder() throws IOException {
        folder = Files.createTempDirectory(PREFIX).toRealPath();
    }

    Path path() {
        return folder;
    }

    /** Whether there are too many files, too many bytes, or folders that cannot be looked into. */
    boolean isOverfull() throws IOException {
        Contents contents = new Contents();
        Files.walkFileTree(folder, Set.of(), DEPTH_MAX, contents);
        return contents.overfull;
    }

    /** Deletes the folder. Links are not followed, and no path is longer than two names. */
    @Override
    public void close() throws IOException {
        Path flat = Files.createTempDirectory(PREFIX);
        Deque<Path> folders = new ArrayDeque<>();
        folders.add(folder);
        int moved = 0;
        while (!folders.isEmpty()) {
            Path each = folders.remove();
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(each)) {
                for (Path entry : entries) {
                    if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
                        Files.setPosixFilePermissions(
                                entry, PosixFilePermissions.fromString("rwx------"));
                        folders.add(Files.move(entry, flat.resolve(Integer.toString(moved++))));
                    } else {
                        Files.delete(entry);
                    }
                }
            }
            Files.delete(each);
        }
        Files.delete(flat);
    }

    private static final class Contents extends SimpleFileVisitor<Path> {
        private int files;
        private long bytes;
        private boolean overfull;

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return counted(0);
        }

        /** Counts a file, or ends at a folder that is too deep. */
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            return counted(attributes.isDirectory() ? Long.MAX_VALUE / 2 : attributes.size());
        }

        private FileVisitResult counted(long size) {
            files++;
            bytes += size;
            overfull |= files > FILES_MAX || bytes > BYTES_MAX;
            return overfull ? FileVisitResult.TERMINATE : FileVisitResult.CONTINUE;
        }

        /** Passes over what the program deleted meanwhile. */
        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return e instanceof NoSuchFileException
                    ? FileVisitResult.CONTINUE
                    : counted(Long.MAX_VALUE / 2);
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, IOException e) {
            return FileVisitResult.CONTINUE;
        }
    }
}
