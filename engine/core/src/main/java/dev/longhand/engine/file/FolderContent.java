package dev.longhand.engine.file;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What a folder holds, for those who recognise its kind.
 *
 * @param names the names in it, sorted; none if it cannot be read
 */
public record FolderContent(Path folder, List<String> names) {
    private static final byte[] LFS_POINTER =
            "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

    /** Limit of the names that are read of a folder; a model has a few dozen. */
    private static final int NAMES_MAX = 10_000;

    public FolderContent {
        names = List.copyOf(names);
    }

    /** Lists a folder. */
    public static FolderContent of(Path folder) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (names.size() == NAMES_MAX) {
                    break;
                }
                names.add(String.valueOf(file.getFileName()));
            }
        } catch (IOException | DirectoryIteratorException e) {
            names.clear(); // whoever reads a file of it tells
        }
        Collections.sort(names);
        return new FolderContent(folder, names);
    }

    /** Whether the folder holds a file of that name. */
    public boolean has(String name) {
        return names.contains(name);
    }

    /** Whether the name of a file ends so. */
    public boolean hasEnding(String ending) {
        return names.stream().anyMatch(name -> name.endsWith(ending));
    }

    /** Returns the fault of a folder whose JSON or tensors git-lfs has not fetched; else empty. */
    public Optional<String> pointerFault() {
        return names.stream()
                .filter(name -> name.endsWith(".json") || name.endsWith(".safetensors"))
                .filter(name -> isPointer(folder.resolve(name)))
                .findFirst()
                .map(
                        name ->
                                ErrorText.line(name)
                                        + " is a git-lfs pointer, not the file itself; run \"git"
                                        + " lfs pull\" in the folder");
    }

    private static boolean isPointer(Path file) {
        if (!Files.isRegularFile(file)) {
            return false;
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(LFS_POINTER.length), LFS_POINTER);
        } catch (IOException e) {
            return false; // whoever reads the file tells
        }
    }
}
