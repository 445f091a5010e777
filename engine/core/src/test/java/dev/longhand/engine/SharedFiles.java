package dev.longhand.engine;

import org.junit.jupiter.api.Assumptions;

import java.nio.file.Files;
import java.nio.file.Path;

/** Files for tests that are stored outside the project. */
public final class SharedFiles {
    private SharedFiles() {}

    /** Returns a folder of them; skips the test if it is missing. */
    public static Path require(String name) {
        Path folder =
                Path.of(System.getProperty("longhand.module.directory", "."))
                        .resolve("../../../shared/data")
                        .resolve(name)
                        .normalize();
        Assumptions.assumeTrue(Files.isDirectory(folder), "skipped: needs the files at " + folder);
        return folder;
    }
}
