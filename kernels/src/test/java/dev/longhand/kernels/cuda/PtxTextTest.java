package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checked-in PTX is what nvcc makes of the sources, and has in it what may be published. */
class PtxTextTest {
    private static final Path SHIPPED =
            CudaToolkit.source("main/resources/dev/longhand/kernels/cuda");
    private static final String HASHES = "sha256.txt";
    private static final Pattern ABSOLUTE_PATH = Pattern.compile("(?<![\\w./])/[A-Za-z_]\\w*");

    /** Built without {@code -Dlonghand.ptx.all=true}; the hashes stand for the other modules. */
    private static final List<String> SAMPLE =
            List.of("layouts.cu", "linear_skinny_int8.cu", "rms_norm.cu", "sample.cu");

    /** So that neither sources nor PTX change without a build of all, on machines without nvcc. */
    @Test
    void theHashesAreThoseOfSourcesAndPtx() throws IOException {
        Path sources = CudaToolkit.source("main/cuda");
        List<String> expected = new ArrayList<>();
        for (String name : names(sources)) {
            expected.add(hash(sources.resolve(name)) + "  " + name);
        }
        for (String name : names(SHIPPED)) {
            if (!name.equals(HASHES)) {
                expected.add(hash(SHIPPED.resolve(name)) + "  " + name);
            }
        }
        List<String> known = Files.readAllLines(SHIPPED.resolve(HASHES));
        assertEquals(expected, known.subList(1, known.size()), "run build.sh");
    }

    private static String hash(Path file) throws IOException {
        return KernelResources.sha256(Files.readAllBytes(file));
    }

    /** Built from a copy, because nvcc's own names hold a hash of the folder that it reads from. */
    @Test
    void isWhatNvccMakesOfTheSources(@TempDir Path folder) throws IOException {
        CudaToolkit.requireRelease("nvcc");
        boolean all = Boolean.getBoolean("longhand.ptx.all");
        Path sources = Files.createDirectory(folder.resolve("sources"));
        for (Path file : files(CudaToolkit.source("main/cuda"))) {
            Files.copy(file, sources.resolve(file.getFileName()));
        }
        Path built = folder.resolve("built");
        List<String> build =
                List.of("sh", sources.resolve("build.sh").toString(), built.toString());
        CudaToolkit.run(
                Stream.concat(build.stream(), all ? Stream.of() : SAMPLE.stream()).toList());
        if (all) {
            assertEquals(names(SHIPPED), names(built));
        }
        assertTrue(names(built).size() >= 2 * SAMPLE.size() - 1);
        for (String name : names(built)) {
            assertSame(
                    name,
                    Files.readString(SHIPPED.resolve(name)).split("\n", -1),
                    Files.readString(built.resolve(name)).split("\n", -1));
        }
    }

    /** Line numbers are all that a debug build adds, so its findings hold for what ships. */
    @Test
    void aDebugBuildNamesSourceLinesAndIsOtherwiseWhatShips(@TempDir Path folder)
            throws IOException {
        CudaToolkit.requireRelease("nvcc");
        String script = CudaToolkit.source("main/cuda/build.sh").toString();
        CudaToolkit.run(List.of("sh", script, "--lineinfo", folder.toString(), "swiglu"));
        assertEquals(List.of("sm_80/swiglu.ptx", "sm_90/swiglu.ptx"), names(folder));
        for (String name : names(folder)) {
            String built = Files.readString(folder.resolve(name));
            assertTrue(built.contains("swiglu.cu\""), name);
            assertTrue(built.contains("\n\t.loc 1 "), name);
            assertEquals(Files.readString(SHIPPED.resolve(name)), withoutLineInfo(built), name);
        }
    }

    private static String withoutLineInfo(String ptx) {
        return ptx.replaceAll("(?s)\n\t?\\.section.*?}", "")
                .replaceAll("\n(\t?\\.(loc|file)|\\$L__(tmp|func))[^\n]*", "");
    }

    /** Shows the first line that differs; the whole texts are too long to look at. */
    private static void assertSame(String name, String[] shipped, String[] built) {
        int line = Arrays.mismatch(shipped, built);
        if (line >= 0) {
            fail(
                    "%s is not what build.sh makes of its source, from line %d on: `%s`, not `%s`"
                            .formatted(name, line + 1, at(shipped, line), at(built, line)));
        }
    }

    private static String at(String[] lines, int line) {
        return line < lines.length ? lines[line] : "its end";
    }

    @Test
    void everyModuleShipsAsItIsInTheSources() throws IOException {
        Stream<String> ptx = texts().map(name -> name + ".ptx");
        assertEquals(
                Stream.concat(ptx, Stream.of("layouts.txt", HASHES)).sorted().toList(),
                names(SHIPPED));
        for (String name : texts().toList()) {
            assertArrayEquals(
                    Files.readAllBytes(SHIPPED.resolve(name + ".ptx")), CudaKernels.shipped(name));
        }
    }

    @Test
    void namesVersionAndTargetAndNoMachine() throws IOException {
        for (String name : texts().toList()) {
            String text = shipped(name);
            String target = name.substring(0, name.indexOf('/'));
            assertEquals(List.of(".version 7.8"), lines(text, ".version"), name);
            assertEquals(List.of(".target " + target), lines(text, ".target"), name);
            String source = name.substring(name.indexOf('/') + 1) + ".cu";
            assertTrue(text.startsWith("// " + source + "\n"), name + " does not name its source");
            Matcher path = ABSOLUTE_PATH.matcher(text);
            assertTrue(!path.find(), () -> name + ".ptx has the path " + path.group());
            assertEquals(text, withoutLineInfo(text), name + " has line information");
        }
    }

    /** One of them without its wait would let the next one run into the last but one. */
    @Test
    void everyKernelForOverlappedLaunchesWaitsOnce() throws IOException {
        for (String name : CudaKernels.OVERLAPPED_TEXTS) {
            String[] entries = shipped(name).split("\\.entry ", -1);
            assertTrue(entries.length > 1, name);
            for (String kernel : Arrays.asList(entries).subList(1, entries.length)) {
                assertEquals(1, count(kernel, "griddepcontrol.wait;"), name);
                assertEquals(1, count(kernel, "griddepcontrol.launch_dependents;"), name);
            }
        }
        for (String name : CudaKernels.TEXTS) {
            assertEquals(0, count(shipped(name), "griddepcontrol"), name);
        }
    }

    private static int count(String text, String part) {
        return text.split(Pattern.quote(part), -1).length - 1;
    }

    private static Stream<String> texts() {
        return Stream.of(CudaKernels.TEXTS, CudaKernels.OVERLAPPED_TEXTS).flatMap(Stream::of);
    }

    private static List<String> lines(String text, String start) {
        return text.lines().filter(line -> line.startsWith(start)).toList();
    }

    private static String shipped(String name) throws IOException {
        return new String(CudaKernels.shipped(name), StandardCharsets.UTF_8);
    }

    private static List<String> names(Path folder) throws IOException {
        return files(folder).stream().map(file -> folder.relativize(file).toString()).toList();
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }
}
