package dev.longhand.bindings.ptx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** No opcode without a test: what the device's sources register is in a form or a kernel here. */
class OpcodeCoverageTest {
    private static final Path MODULE =
            Path.of(System.getProperty("longhand.module.directory", "."));
    private static final Path DEVICE = MODULE.resolve("src/main/cpp");
    private static final Path TESTS = MODULE.resolve("src/test/java/dev/longhand/bindings/ptx");
    private static final Pattern REGISTERED = Pattern.compile("opcodes\\[\"(\\w+)\"\\]");

    /** Those that are not of registers alone, and the test whose kernels are made of them. */
    private static final List<List<String>> ELSEWHERE =
            List.of(
                    List.of("bra", "ControlFlowTest"),
                    List.of("ret", "ControlFlowTest"),
                    List.of("exit", "ControlFlowTest"),
                    List.of("bar", "ControlFlowTest"),
                    List.of("barrier", "ControlFlowTest"),
                    List.of("trap", "ChecksTest"),
                    List.of("cp", "AsyncCopyTest"),
                    List.of("ldmatrix", "AsyncCopyTest"),
                    List.of("ld", "MemoryForms"),
                    List.of("st", "MemoryForms"),
                    List.of("atom", "MemoryFormTest"),
                    List.of("red", "MemoryFormTest"));

    private static String read(Path file) throws IOException {
        return Files.readString(file);
    }

    @Test
    void everyOpcodeHasACase() throws IOException {
        Set<String> registered = new TreeSet<>();
        try (Stream<Path> files = Files.list(DEVICE)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".cpp")).toList()) {
                Matcher names = REGISTERED.matcher(read(file));
                while (names.find()) {
                    registered.add(names.group(1));
                }
            }
        }
        assertTrue(registered.size() > 60, registered + " are too few to be all");
        Set<String> tested =
                FormTest.all()
                        .map(form -> form.statement().split("[. ]")[0])
                        .collect(Collectors.toCollection(TreeSet::new));
        for (List<String> pair : ELSEWHERE) {
            String text = read(TESTS.resolve(pair.get(1) + ".java"));
            Pattern used = Pattern.compile("[\\s\"]" + pair.get(0) + "[. ;\"]");
            assertTrue(used.matcher(text).find(), pair + " is not there");
            tested.add(pair.get(0));
        }
        registered.removeAll(tested);
        assertEquals(Set.of(), registered, "opcodes without a test");
    }
}
