package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

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
import java.util.regex.Pattern;

/**
 * Recognises what is often given in place of a model folder: a name on the Hugging Face Hub, a GGUF
 * file, the Hub's cache, git-lfs pointers, an adapter, weights of PyTorch. The error says what was
 * given and what to do.
 */
public final class ModelFolderCheck {
    private static final Pattern HUB_NAME =
            Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*");

    private static final byte[] LFS_POINTER =
            "version https://git-lfs.github.com/spec/".getBytes(StandardCharsets.US_ASCII);

    /** Limit of the names that are read of a folder; a model has a few dozen. */
    private static final int NAMES_MAX = 10_000;

    private static final String REPOSITORY = "models--";
    private static final String SNAPSHOTS = "snapshots";
    private static final String GGUF = ".gguf";
    private static final String CONFIG = "config.json";
    private static final String ADAPTER_CONFIG = "adapter_config.json";
    private static final String SAFETENSORS = ".safetensors";

    private final Path path;
    private final List<String> names;

    private ModelFolderCheck(Path path, List<String> names) {
        this.path = path;
        this.names = names;
    }

    /**
     * Checks a path that should be a model folder. A folder of another unknown kind passes; reading
     * its files tells what is missing.
     *
     * @throws InputException if the path is not a folder, or is recognised as something else
     */
    public static void require(Path path) {
        String fault = Files.isDirectory(path) ? folderFault(path) : pathFault(path);
        if (fault != null) {
            throw new InputException(ErrorText.path(path) + ": " + fault);
        }
    }

    private static String pathFault(Path path) {
        String given = path.toString();
        if (Files.exists(path)) {
            return given.endsWith(GGUF)
                    ? "is a GGUF file, which cannot be read; the Hugging Face folder of the same"
                            + " model can (config.json, safetensors, tokenizer.json)"
                    : "no such folder, this is a file; name the folder that holds the model's"
                            + " config.json";
        }
        if (given.endsWith(GGUF)) {
            return "there is no such file, and GGUF files cannot be read; a model is a Hugging Face"
                    + " folder";
        }
        if (HUB_NAME.matcher(given).matches()) {
            return "there is no such folder. If this is a name on the Hugging Face Hub: models are"
                    + " not downloaded; run \"hf download "
                    + given
                    + "\" and name the folder that it prints";
        }
        return "there is no such folder";
    }

    private static @Nullable String folderFault(Path folder) {
        ModelFolderCheck check = new ModelFolderCheck(folder, names(folder));
        return check.names.contains(CONFIG) ? check.contentFault() : check.kindFault();
    }

    /** The names in a folder, sorted; none if it cannot be read. */
    private static List<String> names(Path folder) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                if (names.size() == NAMES_MAX) {
                    break;
                }
                names.add(String.valueOf(file.getFileName()));
            }
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // reading config.json will tell
        }
        Collections.sort(names);
        return names;
    }

    /** The fault of a folder without config.json. */
    private @Nullable String kindFault() {
        if (names.contains(ADAPTER_CONFIG)) {
            return "is an adapter, not a model; name the folder of its base model, and load this"
                    + " as an adapter";
        }
        if (has(GGUF)) {
            return "holds a GGUF file, which cannot be read, and no config.json; the Hugging Face"
                    + " folder of the same model can be read";
        }
        Path repository = repository();
        if (repository == null) {
            return null;
        }
        List<String> snapshots = names(repository.resolve(SNAPSHOTS));
        return "is of the Hugging Face Hub's cache, not a model; name a snapshot in it"
                + (snapshots.isEmpty()
                        ? ""
                        : ": "
                                + ErrorText.path(
                                        repository.resolve(SNAPSHOTS, snapshots.getLast())));
    }

    /** The first repository of a Hub cache at or below the folder; null if there is none. */
    private @Nullable Path repository() {
        if (names.contains(SNAPSHOTS)) {
            return path;
        }
        if (names.contains("hub")) {
            return new ModelFolderCheck(path.resolve("hub"), names(path.resolve("hub")))
                    .repository();
        }
        return names.stream()
                .filter(name -> name.startsWith(REPOSITORY))
                .findFirst()
                .map(path::resolve)
                .orElse(null);
    }

    /** The fault of a folder with config.json. */
    private @Nullable String contentFault() {
        for (String name : names) {
            if ((name.endsWith(".json") || name.endsWith(SAFETENSORS))
                    && isPointer(path.resolve(name))) {
                return ErrorText.line(name)
                        + " is a git-lfs pointer, not the file itself; run \"git lfs pull\" in the"
                        + " folder";
            }
        }
        if (has(SAFETENSORS) || names.contains("model.safetensors.index.json")) {
            return null;
        }
        if (has(GGUF)) {
            return "has its weights in a GGUF file, which cannot be read; safetensors are needed";
        }
        return has(".bin") || has(".pth")
                ? "has its weights in PyTorch's format; safetensors are needed: load and save the"
                        + " model with transformers"
                : null;
    }

    private boolean has(String ending) {
        return names.stream().anyMatch(name -> name.endsWith(ending));
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
