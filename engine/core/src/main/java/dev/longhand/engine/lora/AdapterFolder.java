package dev.longhand.engine.lora;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.FolderContent;
import dev.longhand.engine.gguf.GgufModel;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A PEFT folder, or a folder with one GGUF file, named by the operator or by a client. The
 * operator's may be a Hub snapshot, whose files are links to another folder, or the GGUF file
 * itself. Of a client's, every file must lie within the folder that the operator permits, after all
 * links are resolved, and errors show no path outside of it.
 */
public final class AdapterFolder {
    private final Path folder;
    private final @Nullable Path permitted; // without links

    private AdapterFolder(Path folder, @Nullable Path permitted) {
        this.folder = folder;
        this.permitted = permitted;
    }

    /** Returns a folder that the operator names. */
    public static AdapterFolder ofOperator(Path folder) {
        return new AdapterFolder(folder, null);
    }

    /**
     * Returns a folder that a client names.
     *
     * @param permitted the folder that holds all adapters that clients may load
     * @param name relative to it
     * @throws InputException if there is no such folder within the permitted one
     */
    public static AdapterFolder ofClient(Path permitted, String name) {
        try {
            Path root = permitted.toRealPath();
            Path wanted = root.resolve(name).toRealPath();
            if (wanted.startsWith(root) && Files.isDirectory(wanted)) {
                return new AdapterFolder(wanted, root);
            }
        } catch (IOException | RuntimeException e) {
            // answered like a missing folder, so that clients learn nothing about other paths
        }
        throw new InputException("there is no adapter folder " + ErrorText.quote(name));
    }

    /**
     * Returns the adapter's GGUF file; empty if the folder is of another kind.
     *
     * @throws InputException as {@link #file}
     */
    Optional<Path> gguf() {
        if (!Files.isDirectory(folder)) {
            return folder.toString().endsWith(GgufModel.ENDING)
                    ? Optional.of(folder)
                    : Optional.empty();
        }
        FolderContent content = FolderContent.of(folder);
        List<String> found =
                content.names().stream().filter(name -> name.endsWith(GgufModel.ENDING)).toList();
        return found.size() == 1 && !content.has(AdapterConfig.FILE)
                ? Optional.of(file(found.getFirst()))
                : Optional.empty();
    }

    /**
     * Checks that nothing else is given in place of a PEFT folder.
     *
     * @throws InputException if it is recognised as something else, with its name
     */
    void require() {
        AdapterFolderCheck.require(folder);
    }

    /**
     * Resolves the name of a file in the folder.
     *
     * @throws InputException if a client's request leads out of the permitted folder
     */
    Path file(String name) {
        Path file = folder.resolve(name);
        if (permitted == null) {
            return file;
        }
        try {
            Path real = file.toRealPath();
            if (real.startsWith(permitted) && Files.isRegularFile(real)) {
                return real;
            }
        } catch (IOException e) {
            // answered like a link that leads out
        }
        throw new InputException(
                "%s: there is no file of that name within the folder of adapters".formatted(file));
    }

    /** Returns an error about this folder as its requester may see it. */
    InputException shown(InputException e) {
        String message = e.getMessage();
        if (permitted == null || message == null || !message.contains(permitted.toString())) {
            return e;
        }
        return new InputException(
                message.replace(permitted + permitted.getFileSystem().getSeparator(), "")
                        .replace(permitted.toString(), "the folder of adapters"),
                e);
    }

    /** Returns the path of the folder. */
    @Override
    public String toString() {
        return folder.toString();
    }
}
