package dev.longhand.bindings.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Assumptions;

import java.io.File;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Stub libraries built with the C compiler, and processes of their own that bind to them. */
final class StubProcess {
    private StubProcess() {}

    static void assumeCompiler() {
        boolean compiler =
                Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, "cc")));
        Assumptions.assumeTrue(compiler, "skipped: needs a C compiler for a stub library");
    }

    /** Builds a source among the test resources of this package. */
    static Path build(Path folder, String sourceName, String file, String... options)
            throws Exception {
        Path source = folder.resolve(sourceName);
        try (InputStream packed = StubProcess.class.getResourceAsStream(sourceName)) {
            Files.write(source, packed.readAllBytes());
        }
        Path library = folder.resolve(file);
        List<String> command = new ArrayList<>(List.of("cc", "-shared", "-fPIC", "-w"));
        command.addAll(List.of(options));
        command.addAll(List.of("-o", library.toString(), source.toString()));
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
        return library;
    }

    /** Runs a case, checks that it passes and leaves no file behind, and returns its output. */
    static String run(
            Path folder, List<String> vmOptions, Class<?> cases, String name, Path... libraries)
            throws Exception {
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(vmOptions);
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-Djava.io.tmpdir=" + temporary);
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(cases.getName());
        command.add(name);
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
        return output;
    }
}
