package dev.longhand.app.cli;

import picocli.CommandLine.Option;

import java.nio.file.Path;

/** The model that a command works on. */
public final class ModelFolder {
    @Option(
            names = "--model",
            required = true,
            paramLabel = "DIR",
            description = "Hugging Face folder: config.json, safetensors, tokenizer files.")
    private Path path = Path.of("");

    /** The folder; empty if the option is optional and was not given. */
    public Path path() {
        return path;
    }

    /** The name of a model folder, by which requests may ask for the base. */
    static String nameOf(Path folder) {
        Path name = folder.toAbsolutePath().normalize().getFileName();
        return name == null ? "base" : name.toString();
    }
}
