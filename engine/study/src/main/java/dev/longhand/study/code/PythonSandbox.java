package dev.longhand.study.code;

import org.jspecify.annotations.Nullable;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * Runs Python programs in processes of their own, each in a temporary folder. Landlock keeps them
 * from files outside it, seccomp from sockets, further processes and other processes' state; time,
 * memory, threads, files and output are limited. Any thread may use it.
 */
public final class PythonSandbox {
    private static final String SANDBOXED = "sandboxed\n";
    private static final long MEMORY_BYTES_MAX = 1L << 30;
    private static final int FILE_BYTES_MAX = 16 << 20;
    private static final int OUTPUT_BYTES_MAX = 4 << 20;
    private static final int THREADS_MAX = 100;
    private static final int WATCH_MILLIS = 50;
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
        try (ProgramFolder folder = new ProgramFolder()) {
            Files.writeString(folder.path().resolve("program.py"), program);
            Path launcher = folder.path().resolve("sandbox.py");
            try (InputStream in = PythonSandbox.class.getResourceAsStream("sandbox.py")) {
                Files.write(launcher, Objects.requireNonNull(in).readAllBytes());
            }
            return run(folder, launcher, function == null ? "" : function, input);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Result run(ProgramFolder folder, Path launcher, String function, String input)
            throws IOException, InterruptedException {
        Path errors = folder.path().resolve("errors");
        ProcessBuilder builder =
                new ProcessBuilder(
                        python,
                        "-I",
                        "-B",
                        launcher.toString(),
                        folder.path().toString(),
                        Long.toString(MEMORY_BYTES_MAX),
                        Integer.toString(secondsMax + 1),
                        Integer.toString(FILE_BYTES_MAX),
                        function);
        builder.directory(folder.path().toFile()).redirectError(errors.toFile());
        Map<String, String> environment = builder.environment();
        environment.clear();
        environment.putAll(Map.of("LANG", "C.UTF-8", "HOME", folder.path().toString()));
        Process process = builder.start();
        try {
            Thread writer = Thread.ofVirtual().start(() -> write(process, input));
            byte[][] read = {new byte[0]};
            Thread reader = Thread.ofVirtual().start(() -> read[0] = read(process));
            boolean ended = ends(process, folder);
            kill(process);
            process.waitFor();
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
            kill(process);
        }
    }

    /** Kills a process, but leaves its streams, whose rest is still to be read. */
    private static void kill(Process process) {
        process.toHandle().destroyForcibly();
    }

    /** Waits for the end of a program; false if one of its limits came first. */
    private boolean ends(Process process, ProgramFolder folder)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        while (!process.waitFor(WATCH_MILLIS, TimeUnit.MILLISECONDS)) {
            if (System.nanoTime() - start >= TimeUnit.SECONDS.toNanos(secondsMax)
                    || threads(process) > THREADS_MAX
                    || folder.isOverfull()) {
                return false;
            }
        }
        return !folder.isOverfull();
    }

    /** The number of a process's threads; 0 if it has ended. */
    private static int threads(Process process) {
        String[] threads = new File("/proc/" + process.pid() + "/task").list();
        return threads == null ? 0 : threads.length;
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
                kill(process);
            }
            return bytes;
        } catch (IOException e) {
            return new byte[0];
        }
    }
}
