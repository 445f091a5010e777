package dev.longhand.engine;

import org.junit.jupiter.api.Assumptions;

import java.nio.file.Files;
import java.nio.file.Path;

/** The real Qwen2.5 tokenizer files, which are stored outside the project. */
public final class QwenTokenizerFiles {
    private QwenTokenizerFiles() {}

    /** Returns their folder; skips the test if it is missing. */
    public static Path require() {
        Path folder =
                Path.of(System.getProperty("longhand.module.directory", "."))
                        .resolve("../../../shared/data/qwen2.5-tokenizer")
                        .normalize();
        Assumptions.assumeTrue(
                Files.isDirectory(folder), "skipped: needs the Qwen2.5 tokenizer at " + folder);
        return folder;
    }
}
