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
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The checked-in PTX is what nvcc makes of the sources, and has in it what may be published. */
class PtxTextTest {
    private static final Path SHIPPED =
            CudaToolkit.source("main/resources/dev/longhand/kernels/cuda");
    private static final Pattern ABSOLUTE_PATH = Pattern.compile("(?<![\\w./])/[A-Za-z_]");

    @Test
    void isWhatNvccMakesOfTheSources(@TempDir Path folder) throws IOException {
        CudaToolkit.requireRelease("nvcc");
        Path script = CudaToolkit.source("main/cuda/build.sh");
        CudaToolkit.run(List.of("sh", script.toString(), folder.toString()));
        assertEquals(names(SHIPPED), names(folder));
        for (String name : names(SHIPPED)) {
            byte[] shipped = Files.readAllBytes(SHIPPED.resolve(name));
            byte[] built = Files.readAllBytes(folder.resolve(name));
            if (!Arrays.equals(shipped, built)) {
                assertSame(
                        name,
                        NvccNames.neutral(text(shipped)).split("\n", -1),
                        NvccNames.neutral(text(built)).split("\n", -1));
            }
        }
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
        List<String> modules =
                Arrays.stream(CudaKernels.MODULES).map(name -> name + ".ptx").sorted().toList();
        assertEquals(modules, names(SHIPPED));
        for (String name : CudaKernels.MODULES) {
            assertArrayEquals(
                    Files.readAllBytes(SHIPPED.resolve(name + ".ptx")), CudaKernels.ptx(name));
        }
    }

    @Test
    void namesVersionAndTargetAndNoMachine() {
        for (String name : CudaKernels.MODULES) {
            String text = text(CudaKernels.ptx(name));
            assertEquals(List.of(".version 7.8"), lines(text, ".version"), name);
            assertEquals(List.of(".target sm_80"), lines(text, ".target"), name);
            assertTrue(text.contains(name + ".cu\""), name + " does not name its source");
            Matcher path = ABSOLUTE_PATH.matcher(NvccNames.readable(text));
            assertTrue(!path.find(), () -> name + ".ptx has a path, at character " + path.start());
        }
    }

    @Test
    void namesAreSeenThrough() {
        String one =
                "_ZZN49_INTERNAL_4efdd30e_12_attention_cu_d81fafe8_2364351_GLOBAL__N__"
                        + "4efdd30e_12_attention_cu_d81fafe8_236436decode";
        String two =
                "_ZZN48_INTERNAL_0123cdef_12_attention_cu_89ab4567_712450_GLOBAL__N__"
                        + "0123cdef_12_attention_cu_89ab4567_71246decode";
        assertEquals("_ZZN<internal><unnamed>6decode", NvccNames.neutral(one));
        assertEquals(NvccNames.neutral(one), NvccNames.neutral(two));
        assertEquals("a\n\"/tmp\"\nb", NvccNames.readable("a\n.b8 47,116\n.b8 109,112,0\nb"));
    }

    private static List<String> lines(String text, String start) {
        return text.lines().filter(line -> line.startsWith(start)).toList();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
