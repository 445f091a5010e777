package dev.longhand.bindings.library;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Consumer;

/**
 * Loads shared libraries that are packed as resources. A library is unpacked into a new folder that
 * only this user can enter, and the folder is deleted as soon as the library is mapped: nobody can
 * plant a file there, processes share nothing, and nothing is left behind.
 */
public final class PackedLibrary {
    private PackedLibrary() {}

    /**
     * Unpacks a library and loads it.
     *
     * @param resource the library's bytes, read and closed here; null if there is none
     * @param file the name of the unpacked file
     * @param loading maps the file into the process; its exceptions are passed on
     * @return false if there is no resource
     * @throws IOException if the file cannot be written
     */
    public static boolean load(@Nullable InputStream resource, String file, Consumer<Path> loading)
            throws IOException {
        if (resource == null) {
            return false;
        }
        try (resource) {
            Path folder =
                    Files.createTempDirectory(
                            "longhand-",
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rwx------")));
            Path library = folder.resolve(file);
            try {
                Files.copy(resource, library);
                loading.accept(library);
            } finally {
                Files.deleteIfExists(library);
                remove(folder);
            }
        }
        return true;
    }

    private static void remove(Path folder) throws IOException {
        try {
            Files.delete(folder);
        } catch (DirectoryNotEmptyException e) {
            // The folder is java.io.tmpdir while JCuda loads, so another thread may have left its
            // file there; that file is kept.
            return;
        }
    }
}
