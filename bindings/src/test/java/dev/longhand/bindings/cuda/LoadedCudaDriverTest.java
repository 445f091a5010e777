package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * The whole way from Java to a driver, JCuda and the generated bindings included, over a stub. As a
 * process binds to one driver for good, each case is a process of its own; see {@link StubCases}.
 */
class LoadedCudaDriverTest {
    @TempDir private Path folder;
    private Path driver;

    @BeforeEach
    void buildTheStub() throws Exception {
        boolean compiler =
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "cc")));
        Assumptions.assumeTrue(compiler, "skipped: needs a C compiler for a stub driver");
        driver = build("libcuda.so.1", "-Wl,-soname,libcuda.so.1");
    }

    private Path build(String file, String... options) throws IOException, InterruptedException {
        Path source = folder.resolve("stub_driver.c");
        try (InputStream packed = getClass().getResourceAsStream("stub_driver.c")) {
            Files.write(source, packed.readAllBytes());
        }
        Path library = folder.resolve(file);
        List<String> command = new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-w"));
        command.addAll(List.of(options));
        command.addAll(List.of("-o", library.toString(), source.toString()));
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        return library;
    }

    private void run(String name, Path... libraries) throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        List<String> command =
                new ArrayList<>(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Djava.io.tmpdir=" + temporary,
                                "-cp",
                                System.getProperty(
                                        "surefire.test.class.path",
                                        System.getProperty("java.class.path")),
                                StubCases.class.getName(),
                                name));
        Arrays.stream(libraries).map(Path::toString).forEach(command::add);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.endsWith(StubCases.DONE), output);
        try (Stream<Path> left = Files.list(temporary)) {
            List<Path> files =
                    left.filter(file -> !file.getFileName().toString().startsWith("hsperf"))
                            .toList();
            assertEquals(List.of(), files, "left in the temporary folder");
        }
    }

    @Test
    void everyCallArrives() throws Exception {
        run("everyCall", driver);
    }

    @Test
    void queueingWorkAllocatesNothing() throws Exception {
        run("allocations", driver);
    }

    @Test
    void statusesBecomeExceptions() throws Exception {
        run("failures", driver);
    }

    @Test
    void threadsTakeTurns() throws Exception {
        run("threads", driver);
    }

    @Test
    void aSecondLibraryIsRefused() throws Exception {
        run("secondLibrary", driver, build("other.so", "-Wl,-soname,libcuda.so.1"));
    }

    @Test
    void aLibraryOfAnotherNameIsRefused() throws Exception {
        run("otherName", build("libcuda-other.so"));
    }
}
