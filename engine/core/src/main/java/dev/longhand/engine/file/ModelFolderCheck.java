package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Recognises what is often given in place of a model folder: a name on the Hugging Face Hub, the
 * Hub's cache, git-lfs pointers, an adapter, weights of PyTorch. The error says what was given and
 * what to do.
 */
public final class ModelFolderCheck {
    private static final String REPOSITORY = "models--";
    private static final String SNAPSHOTS = "snapshots";
    private static final String GGUF = ".gguf";

    private final FolderContent content;

    private ModelFolderCheck(FolderContent content) {
        this.content = content;
    }

    /**
     * Checks a path that should be a model folder or a GGUF file. A folder of another unknown kind
     * passes; reading its files tells what is missing.
     *
     * @throws InputException if the path is neither, or is recognised as something else
     */
    public static void require(Path path) {
        String fault = Files.isDirectory(path) ? folderFault(path) : pathFault(path);
        if (fault != null) {
            throw new InputException(ErrorText.path(path) + ": " + fault);
        }
    }

    private static @Nullable String pathFault(Path path) {
        String given = path.toString();
        if (Files.exists(path)) {
            return given.endsWith(GGUF)
                    ? null
                    : "no such folder, this is a file; name the folder that holds the model's"
                            + " config.json, or a GGUF file";
        }
        if (given.endsWith(GGUF)) {
            return "there is no such file";
        }
        return HubName.missing(given);
    }

    private static @Nullable String folderFault(Path folder) {
        ModelFolderCheck check = new ModelFolderCheck(FolderContent.of(folder));
        return check.content.has("config.json") ? check.contentFault() : check.kindFault();
    }

    /** The fault of a folder without config.json. */
    private @Nullable String kindFault() {
        if (content.has("adapter_config.json")) {
            return "is an adapter, not a model; name the folder of its base model, and load this"
                    + " as an adapter";
        }
        if (content.hasEnding(GGUF)) {
            return null;
        }
        Path repository = repository();
        if (repository == null) {
            return null;
        }
        List<String> snapshots = FolderContent.of(repository.resolve(SNAPSHOTS)).names();
        return "is of the Hugging Face Hub's cache, not a model; name a snapshot in it"
                + (snapshots.isEmpty()
                        ? ""
                        : ": "
                                + ErrorText.path(
                                        repository.resolve(SNAPSHOTS, snapshots.getLast())));
    }

    /** The first repository of a Hub cache at or below the folder; null if there is none. */
    private @Nullable Path repository() {
        if (content.has(SNAPSHOTS)) {
            return content.folder();
        }
        if (content.has("hub")) {
            return new ModelFolderCheck(FolderContent.of(content.folder().resolve("hub")))
                    .repository();
        }
        return content.names().stream()
                .filter(name -> name.startsWith(REPOSITORY))
                .findFirst()
                .map(content.folder()::resolve)
                .orElse(null);
    }

    /** The fault of a folder with config.json. */
    private @Nullable String contentFault() {
        String pointer = content.pointerFault().orElse(null);
        if (pointer != null) {
            return pointer;
        }
        if (content.hasEnding(".safetensors") || content.has("model.safetensors.index.json")) {
            return null;
        }
        if (content.hasEnding(GGUF)) {
            return "has its weights in a GGUF file beside config.json; name the GGUF file itself";
        }
        return content.hasEnding(".bin") || content.hasEnding(".pth")
                ? "has its weights in PyTorch's format; safetensors are needed: load and save the"
                        + " model with transformers"
                : null;
    }
}
