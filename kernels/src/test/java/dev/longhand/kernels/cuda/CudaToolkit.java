package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The CUDA toolkit's programs on PATH; nobody needs them to build, tests use them where they are.
 */
final class CudaToolkit {
    /** The toolkit release whose nvcc made the checked-in PTX, and whose ptxas the table. */
    static final String RELEASE = "13.0";

    private static final Pattern RELEASE_LINE = Pattern.compile("release (\\d+\\.\\d+)");

    private CudaToolkit() {}

    /** Skips the test where the program is not on PATH. */
    static Path require(String program) {
        return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseGet(() -> Assumptions.abort("skipped: no %s on PATH".formatted(program)));
    }

    /** Skips the test where the program is missing or of another release than {@link #RELEASE}. */
    static Path requireRelease(String program) {
        Path path = require(program);
        Matcher release = RELEASE_LINE.matcher(run(List.of(path.toString(), "--version")));
        assertTrue(release.find(), path + " does not tell its release");
        Assumptions.assumeTrue(
                release.group(1).equals(RELEASE),
                () ->
                        "skipped: %s is of release %s, ours are of %s"
                                .formatted(program, release.group(1), RELEASE));
        return path;
    }

    /** What a program prints on either stream; it has to succeed. */
    static String run(List<String> command) {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            process.getOutputStream().close();
            String output =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, process.waitFor(), () -> String.join(" ", command) + ":\n" + output);
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A file or folder of this module's sources. */
    static Path source(String path) {
        return Path.of(System.getProperty("longhand.module.directory", "."), "src").resolve(path);
    }
}
