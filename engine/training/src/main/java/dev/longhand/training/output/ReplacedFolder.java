package dev.longhand.training.output;

import dev.longhand.engine.file.DurableFiles;
import dev.longhand.engine.file.FolderTree;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A folder that is replaced as a whole. The new content is written beside it, forced to the disk
 * and renamed; the old content is deleted last. A reader finds the old or the new folder; after a
 * power cut between two renames, {@link #restore} finds the old one again.
 */
public final class ReplacedFolder {
    private static final String PARTIAL = ".partial";
    private static final String OLD = ".old";

    private final Path folder;

    /** The content of a folder. */
    public interface Content {
        /** Writes the files into an empty folder. */
        void write(Path folder) throws IOException;
    }

    public ReplacedFolder(Path folder) {
        this.folder = folder;
    }

    /** Replaces the folder. */
    public void write(Content content) throws IOException {
        restore();
        Path partial = beside(PARTIAL);
        FolderTree.delete(partial);
        Files.createDirectories(partial);
        content.write(partial);
        for (Path file : files(partial)) {
            DurableFiles.force(file);
        }
        DurableFiles.force(partial);
        Path old = beside(OLD);
        if (Files.exists(folder)) {
            Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
        DurableFiles.forceEntry(folder);
        FolderTree.delete(old);
    }

    /** Ends a replacement that was interrupted: the old folder returns if no new one is there. */
    public void restore() throws IOException {
        Path old = beside(OLD);
        if (Files.exists(old) && !Files.exists(folder)) {
            Files.move(old, folder, StandardCopyOption.ATOMIC_MOVE);
        }
        FolderTree.delete(old);
    }

    /** Deletes the folder. */
    public void delete() throws IOException {
        FolderTree.delete(folder);
    }

    private Path beside(String ending) {
        return folder.resolveSibling(folder.getFileName() + ending);
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> content = Files.list(folder)) {
            return content.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
