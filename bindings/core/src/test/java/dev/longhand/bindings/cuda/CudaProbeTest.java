package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the probe makes of drivers that are missing, broken or too old; each is a value. */
class CudaProbeTest {
    private static final String NO_DRIVER = "/none-such/libcuda.so.1";

    @TempDir private Path folder;

    /** A library with just the functions that the probe asks. */
    private String stub(int init, int version, int devices)
            throws IOException, InterruptedException {
        boolean compiler =
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "cc")));
        Assumptions.assumeTrue(compiler, "skipped: needs a C compiler for a stub driver");
        String source =
                """
                int cuInit(unsigned flags) { return %d; }
                int cuDriverGetVersion(int *version) { *version = %d; return 0; }
                int cuDeviceGetCount(int *count) { *count = %d; return 0; }
                """
                        .formatted(init, version, devices);
        Path c = Files.writeString(folder.resolve("stub.c"), source);
        Path library = folder.resolve("stub.so");
        int status =
                new ProcessBuilder("cc", "-shared", "-fPIC", "-o", library.toString(), c.toString())
                        .inheritIO()
                        .start()
                        .waitFor();
        assertEquals(0, status);
        return library.toString();
    }

    private static void assertAbsent(String library, String cause) {
        CudaAvailability found = CudaProbe.look(CudaLibrary.at(Path.of(library)));
        var absent = assertInstanceOf(CudaAvailability.Absent.class, found);
        assertTrue(absent.cause().contains(cause), absent.cause());
        assertFalse(absent.remedy().isBlank());
    }

    @Test
    void noLibrary() {
        assertAbsent(NO_DRIVER, "no " + NO_DRIVER + " found");
    }

    @Test
    void noDevice() throws Exception {
        assertAbsent(stub(100, 13000, 0), "cuInit failed with status 100");
    }

    @Test
    void anOldDriver() throws Exception {
        assertAbsent(stub(0, 11040, 1), "CUDA 11.4");
    }

    @Test
    void zeroDevices() throws Exception {
        assertAbsent(stub(0, 13000, 0), "no device");
    }

    /** JCuda's classes fail for good where there is no driver, so none may be touched. */
    @Test
    void withoutADriverJCudaIsNotTouched() throws Exception {
        Path log = folder.resolve("classes");
        String output = probe(NO_DRIVER, classPath(), "-Xlog:class+load:file=" + log);
        assertTrue(output.contains("no " + NO_DRIVER + " found"), output);
        try (Stream<String> lines = Files.lines(log)) {
            List<String> loaded = lines.toList();
            assertTrue(loaded.stream().anyMatch(line -> line.contains("CudaProbe")));
            assertEquals(
                    List.of(), loaded.stream().filter(line -> line.contains(" jcuda.")).toList());
        }
    }

    /** An embedder without a GPU leaves JCuda out; on a machine with one, the probe says so. */
    @Test
    void withoutJCudaADeviceIsAbsent() throws Exception {
        String withoutJCuda =
                Arrays.stream(classPath().split(File.pathSeparator))
                        .filter(entry -> !entry.contains("jcuda"))
                        .collect(Collectors.joining(File.pathSeparator));
        String output = probe(stub(0, 13000, 1), withoutJCuda);
        assertTrue(output.contains("JCuda is not on the class path"), output);
        assertTrue(output.contains("longhand-cuda"), output);
    }

    private static String classPath() {
        return System.getProperty(
                "surefire.test.class.path", System.getProperty("java.class.path"));
    }

    /** Probes a library in a process of its own; returns what it found. */
    private static String probe(String library, String classPath, String... options)
            throws Exception {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", classPath, Probing.class.getName(), library));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("Absent"), output);
        return output;
    }

    /** Probes the library that its argument names. */
    static final class Probing {
        public static void main(String[] arguments) {
            System.out.println(CudaProbe.probe(CudaLibrary.at(Path.of(arguments[0]))));
        }
    }
}
