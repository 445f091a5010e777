import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Packs the GPU kit from what the other modules have built: a Java runtime, the jar of the
 * benchmarks without what other systems need, the tests with their goldens, and the script that
 * starts it. Runs in the JDK whose runtime is packed.
 *
 * <pre>java BuildKit.java ROOT CONSOLE_JAR TARGET</pre>
 */
class BuildKit {
    /** What the benchmarks, the engine and JUnit need; java.sql and java.desktop are not used. */
    private static final String MODULES =
            "java.base,java.logging,java.management,java.xml,jdk.management,jdk.unsupported";

    /**
     * Parts of the jar for other systems, and a PTX compiler that only a test of the build calls.
     */
    private static final List<String> LEFT_OUT =
            List.of(
                    "native/lib/win",
                    "native/lib/osx",
                    "native/lib/linux-aarch64",
                    "com/sun/jna/",
                    "org/apache/batik/",
                    "org/apache/xmlgraphics/",
                    "lib/libJNvPTXCompiler");

    /** Goldens of formats that only the CPU computes. */
    private static final List<String> GOLDENS_LEFT_OUT =
            List.of("gguf", "quantized", "sentencepiece", "long", "qwen2.5-tokenizer.json");

    private static final String NAME = "gpu-kit";
    private static final long BYTES_MAX = 60_000_000;

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path root = Path.of(arguments[0]).toRealPath();
        Path target = Path.of(arguments[2]);
        Path kit = target.resolve(NAME);
        delete(kit);
        Files.createDirectories(kit.resolve("lib"));
        link(kit.resolve("runtime"));
        filter(root.resolve("bench/target/benchmarks.jar"), kit.resolve("lib/benchmarks.jar"));
        Path console = Path.of(arguments[1]);
        Files.copy(console, kit.resolve("lib").resolve(console.getFileName()));
        pack(
                kit.resolve("lib/tests.jar"),
                root.resolve("kernels/target/test-classes"),
                root.resolve("engine/core/target/test-classes"));
        goldens(
                root.resolve("engine/core/src/test/goldens"),
                kit.resolve("tests/core/src/test/goldens"));
        Files.copy(
                root.resolve("bench/gpu-kit/src/run"),
                kit.resolve("run"),
                StandardCopyOption.COPY_ATTRIBUTES);
        Files.copy(root.resolve("bench/gpu-kit/README.md"), kit.resolve("README.md"));
        Files.copy(root.resolve(".mvn/legal/LICENSE"), kit.resolve("LICENSE"));
        Files.writeString(kit.resolve("commit"), commit(root));
        Path archive = target.resolve(NAME + ".tar.gz");
        execute(
                target,
                "tar",
                "--sort=name",
                "--owner=0",
                "--group=0",
                "--numeric-owner",
                "-czf",
                archive.getFileName().toString(),
                NAME);
        long bytes = Files.size(archive);
        System.out.printf("%s: %.1f MB%n", archive, bytes / 1e6);
        if (bytes > BYTES_MAX) {
            throw new IOException("the archive has more than %,d bytes".formatted(BYTES_MAX));
        }
    }

    private static void link(Path runtime) throws IOException {
        ToolProvider jlink = ToolProvider.findFirst("jlink").orElseThrow();
        int status =
                jlink.run(
                        System.out,
                        System.err,
                        "--add-modules",
                        MODULES,
                        "--strip-debug",
                        "--no-header-files",
                        "--no-man-pages",
                        "--compress",
                        "zip-9",
                        "--output",
                        runtime.toString());
        if (status != 0) {
            throw new IOException("jlink failed");
        }
    }

    private static void filter(Path from, Path to) throws IOException {
        try (JarFile jar = new JarFile(from.toFile());
                JarOutputStream out = new JarOutputStream(Files.newOutputStream(to))) {
            for (JarEntry entry : jar.stream().toList()) {
                if (LEFT_OUT.stream().noneMatch(entry.getName()::startsWith)) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    jar.getInputStream(entry).transferTo(out);
                    out.closeEntry();
                }
            }
        }
    }

    private static void pack(Path to, Path... folders) throws IOException {
        try (OutputStream bytes = Files.newOutputStream(to);
                JarOutputStream out = new JarOutputStream(bytes)) {
            for (Path folder : folders) {
                for (Path file : files(folder)) {
                    String name = folder.relativize(file).toString();
                    if (!name.startsWith("META-INF")) { // in both folders
                        out.putNextEntry(new JarEntry(name));
                        Files.copy(file, out);
                        out.closeEntry();
                    }
                }
            }
        }
    }

    private static void goldens(Path from, Path to) throws IOException {
        for (Path file : files(from)) {
            Path name = from.relativize(file);
            if (!name.toString().endsWith(".py")
                    && !GOLDENS_LEFT_OUT.contains(name.getName(0).toString())) {
                Path copy = to.resolve(name);
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static String commit(Path root) throws IOException, InterruptedException {
        String text =
                execute(root, "git", "describe", "--always", "--dirty", "--abbrev=12").strip();
        return text.isEmpty() ? "unknown" : text;
    }

    /** Runs a program and returns its output. */
    private static String execute(Path folder, String... command)
            throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
        return output;
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> all = Files.walk(folder)) {
                for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
