package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code --device} on a machine without a GPU, in separate processes. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class DeviceOptionTest {
    @TempDir private Path folder;

    private record Outcome(int status, String out, String err, List<String> classes) {}

    @BeforeEach
    void requireNoGpu() {
        TestDevices.require(Device.CPU);
        try {
            BackendChoice.open(Device.CUDA, 0).backend().close();
        } catch (BackendUnavailableException e) {
            return;
        }
        Assumptions.abort("skipped: this machine has a GPU");
    }

    private Outcome generate(String device, String... more)
            throws IOException, InterruptedException {
        Path log = folder.resolve("classes");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xlog:class+load:file=" + log,
                        "-cp",
                        classPath(),
                        Main.class.getName(),
                        "generate",
                        "--model",
                        Goldens.checkpoint("dim64-group5").toString(),
                        "--prompt-ids",
                        "1,2",
                        "--max-tokens",
                        "3"));
        command.addAll(List.of("--device", device));
        command.addAll(List.of(more));
        int status =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .start()
                        .waitFor();
        try (Stream<String> classes = Files.lines(log)) {
            return new Outcome(
                    status,
                    Files.readString(out),
                    Files.readString(err),
                    classes.filter(line -> line.contains("cuda")).toList());
        }
    }

    /** The class path without JCublas, an optional dependency that only tests have. */
    private static String classPath() {
        String all =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(all.split(File.pathSeparator))
                .filter(entry -> !entry.contains("jcublas"))
                .collect(Collectors.joining(File.pathSeparator));
    }

    @Test
    void cublasFailsWithCauseAndRemedy() throws Exception {
        TestDevices.require(TestDevices.PTX);
        Outcome outcome = generate("ptx", "--prefill", "cublas");
        assertEquals(1, outcome.status(), outcome.err());
        assertEquals("", outcome.out());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().contains("cuBLAS needs NVIDIA's driver"), outcome.err());
        assertTrue(outcome.err().contains("leave out --prefill cublas"), outcome.err());
    }

    @Test
    void theCudaPathNeedsNoJCublas() throws Exception {
        TestDevices.require(TestDevices.PTX);
        Outcome outcome = generate("ptx");
        assertEquals(0, outcome.status(), outcome.err());
        Outcome asked = generate("ptx", "--prefill", "own");
        assertEquals(outcome.out(), asked.out());
        for (String line : outcome.classes()) {
            assertFalse(line.contains("Cublas") || line.contains("jcublas"), line);
        }
    }

    private static void assertProbedWithoutJCuda(Outcome outcome) {
        assertTrue(outcome.classes().stream().anyMatch(line -> line.contains("CudaProbe")));
        assertEquals(
                List.of(),
                outcome.classes().stream().filter(line -> line.contains(" jcuda.")).toList());
    }

    @Test
    void cudaFailsWithCauseAndRemedy() throws Exception {
        Outcome outcome = generate("cuda");
        assertEquals(1, outcome.status(), outcome.err());
        assertEquals("", outcome.out());
        assertEquals(1, outcome.err().lines().count(), outcome.err());
        assertTrue(outcome.err().startsWith("longhand: "), outcome.err());
        assertTrue(outcome.err().contains("libcuda.so.1"), outcome.err());
        assertTrue(outcome.err().contains("use --device cpu"), outcome.err());
        assertFalse(outcome.err().contains("\tat "), outcome.err());
        assertProbedWithoutJCuda(outcome);
    }

    @Test
    void autoTakesTheCpuAndSaysWhy() throws Exception {
        Outcome outcome = generate("auto");
        assertEquals(0, outcome.status(), outcome.err());
        assertTrue(
                outcome.err()
                        .matches("(?s)device: cpu .*, chosen by auto: no GPU, .*libcuda.so.1.*"),
                outcome.err());
        assertProbedWithoutJCuda(outcome);
    }
}
