package dev.longhand.app.cli;

import dev.longhand.engine.file.HubCache;

import picocli.CommandLine.Option;

import java.nio.file.Path;

/** The model that a command works on. */
public final class ModelFolder {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description =
                    "Hugging Face folder: config.json, safetensors, tokenizer files; or the name of"
                            + " one in the Hub's local cache, such as"
                            + " Qwen/Qwen2.5-0.5B-Instruct.")
    private Path path = Path.of("");

    /** The folder; empty if the option is optional and was not given. */
    public Path path() {
        return resolve(path);
    }

    /**
     * Returns the folder of a model or an adapter that was given as a path or a name on the Hub.
     */
    static Path resolve(Path given) {
        return HubCache.ofEnvironment().resolve(Path.of(""), given.toString());
    }

    /**
     * The name of a model folder, by which requests may ask for the base: its name on the Hub if it
     * lies in the cache, else that of the folder.
     */
    static String nameOf(Path folder) {
        return HubCache.repositoryOf(folder).orElseGet(() -> lastName(folder));
    }

    private static String lastName(Path folder) {
        Path name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? "base" : name.toString();
    }
}
