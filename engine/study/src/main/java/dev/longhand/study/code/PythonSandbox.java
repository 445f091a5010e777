package dev.longhand.study.code;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs Python programs in processes of their own, each in a temporary folder. Landlock keeps them
 * from files outside it, seccomp from sockets and further processes; time, memory and output are
 * limited. Any thread may use it.
 */
public final class PythonSandbox {
    private static final String SANDBOXED = "sandboxed\n";
    private static final long MEMORY_BYTES_MAX = 1L << 30;
    private static final int FILE_BYTES_MAX = 16 << 20;
    private static final int OUTPUT_BYTES_MAX = 4 << 20;
    private static final int START_SECONDS_MAX = 10;

    private final String python;
    private final int secondsMax;

    /**
     * The end of a program.
     *
     * @param passed whether it ended by itself and without an error
     * @param output its standard output
     * @param refusal why it was not run; null if it was
     */
    record Result(boolean passed, String output, @Nullable String refusal) {}

    private PythonSandbox(String python, int secondsMax) {
        this.python = python;
        this.secondsMax = secondsMax;
    }

    /**
     * Returns a sandbox; null if there is no {@code python3}.
     *
     * @param secondsMax the limit for one program
     */
    public static @Nullable PythonSandbox find(int secondsMax) {
        try {
            Process process =
                    new ProcessBuilder("python3", "-c", "import sys; print(sys.executable)")
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start();
            if (!process.waitFor(START_SECONDS_MAX, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return null;
            }
            byte[] bytes = process.getInputStream().readAllBytes();
            String python = new String(bytes, StandardCharsets.UTF_8).strip();
            return process.exitValue() == 0 && !python.isEmpty()
                    ? new PythonSandbox(python, secondsMax)
                    : null;
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }

    /** Runs a program on an input. */
    Result run(String program, @Nullable String function, String input)
            throws InterruptedException {
        Path folder = null;
        try {
            folder = Files.createTempDirectory("longhand-code").toRealPath();
            Files.writeString(folder.resolve("program.py"), program);
            Path launcher = folder.resolve("sandbox.py");
            try (InputStream in = PythonSandbox.class.getResourceAsStream("sandbox.py")) {
                Files.write(launcher, Objects.requireNonNull(in).readAllBytes());
            }
            return run(folder, launcher, function == null ? "" : function, input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            delete(folder);
        }
    }

    private Result run(Path folder, Path launcher, String function, String input)
            throws IOException, InterruptedException {
        Path errors = folder.resolve("errors");
        ProcessBuilder builder =
                new ProcessBuilder(
                        python,
                        "-I",
                        "-B",
                        launcher.toString(),
                        folder.toString(),
                        Long.toString(MEMORY_BYTES_MAX),
                        Integer.toString(secondsMax + 1),
                        Integer.toString(FILE_BYTES_MAX),
                        function);
        builder.directory(folder.toFile()).redirectError(errors.toFile());
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.putAll(Map.of("LANG", "C.UTF-8", "HOME", folder.toString()));
        Process process = builder.start();
        try {
            Thread writer = Thread.ofVirtual().start(() -> write(process, input));
            byte[][] read = {new byte[0]};
            Thread reader = Thread.ofVirtual().start(() -> read[0] = read(process));
            boolean ended = process.waitFor(secondsMax, TimeUnit.SECONDS);
            process.destroyForcibly().waitFor();
            reader.join();
            writer.join();
            String output = new String(read[0], StandardCharsets.UTF_8);
            if (!output.startsWith(SANDBOXED)) {
                return new Result(false, "", ended ? reason(errors) : "it did not start in time");
            }
            boolean whole = read[0].length < OUTPUT_BYTES_MAX;
            return new Result(
                    ended && whole && process.exitValue() == 0,
                    output.substring(SANDBOXED.length()),
                    null);
        } finally {
            process.destroyForcibly();
        }
    }

    private static String reason(Path errors) throws IOException {
        List<String> lines = Files.readString(errors).lines().toList();
        return lines.isEmpty() ? "the sandbox failed" : lines.getLast();
    }

    private static void write(Process process, String input) {
        try (OutputStream out = process.getOutputStream()) {
            out.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            return; // the program ended without reading it all
        }
    }

    /** Reads up to the limit and ends a program that writes more. */
    private static byte[] read(Process process) {
        try (InputStream in = process.getInputStream()) {
            byte[] bytes = in.readNBytes(OUTPUT_BYTES_MAX);
            if (bytes.length == OUTPUT_BYTES_MAX) {
                process.destroyForcibly();
            }
            return bytes;
        } catch (IOException e) {
            return new byte[0];
        }
    }

    private static void delete(@Nullable Path folder) {
        if (folder == null) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
