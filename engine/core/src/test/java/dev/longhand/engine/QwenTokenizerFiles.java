package dev.longhand.engine;

import org.junit.jupiter.api.Assumptions;

import java.nio.file.Files;
import java.nio.file.Path;

/** The real Qwen2.5 tokenizer files, which lie beside the project and not in it. */
public final class QwenTokenizerFiles {
    private QwenTokenizerFiles() {}

    /** Their folder; skips the test where there is none. */
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
