package dev.longhand.batch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A run whose files were damaged half-way, by a flipped byte or by a hole of zeros as a power cut
 * leaves it: it goes on to the undisturbed output, or it is refused; the output is never silently
 * wrong. Set the system property {@code longhand.damage=all} to try every position.
 */
class RunDamageTest {
    private static final boolean ALL = "all".equals(System.getProperty("longhand.damage"));
    private static final int LAST_BYTES = 200;
    private static final int HOLE_BYTES = 512;
    private static final int PROBLEMS = 12;
    private static final int STORED_IN_ORDER = 5;
    private static final List<Integer> STORED_AHEAD = List.of(6, 8, 9);
    private static final List<String> ENDINGS =
            List.of("", ".journal", ".sums", ".timings.jsonl", ".run.json");

    @TempDir private Path folder;
    private Path out;
    private RunManifest manifest;
    private RunPlan plan;
    private final Map<String, byte[]> halfDone = new TreeMap<>(); // by ending

    @BeforeEach
    void runHalfWay() throws IOException {
        out = folder.resolve("out.jsonl");
        RunConfig config =
                RunConfig.read(Files.writeString(folder.resolve("config.json"), "{\"seed\":7}"));
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < PROBLEMS; i++) {
            lines.append("{\"id\":\"p%d\",\"question\":\"q\"}\n".formatted(i));
        }
        plan =
                new RunPlan(
                        Problem.read(Files.writeString(folder.resolve("problems.jsonl"), lines)),
                        config);
        manifest = new RunManifest(config, "p", "m", null, 512, "cpu");
        try (RunFiles files = open()) {
            for (int i = 0; i < STORED_IN_ORDER; i++) {
                files.store(List.of(answer(i)));
            }
            files.store(STORED_AHEAD.stream().map(this::answer).toList());
        }
        for (String ending : ENDINGS) {
            halfDone.put(ending, Files.readAllBytes(RunFiles.beside(out, ending)));
        }
    }

    private RunFiles open() {
        return RunFiles.open(out, manifest, plan);
    }

    private RunFiles.Stored answer(int index) {
        Generation line =
                new Generation(
                        plan.problem(index).id(),
                        plan.sample(index),
                        "sha",
                        "answer %d %s".formatted(index, "x".repeat(index * 37 % 101)),
                        "eos",
                        1,
                        2,
                        plan.seed(index),
                        "m",
                        null,
                        null,
                        plan.problem(index).others());
        ObjectNode timing = new JsonMapper().createObjectNode();
        timing.set("id", plan.problem(index).id());
        timing.put("sample", plan.sample(index));
        return new RunFiles.Stored(index, line.json(), timing.toString());
    }

    private String undisturbed() {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < PROBLEMS; i++) {
            all.append(answer(i).line()).append('\n');
        }
        return all.toString();
    }

    private void restoreHalfDone() throws IOException {
        for (Map.Entry<String, byte[]> file : halfDone.entrySet()) {
            Files.write(RunFiles.beside(out, file.getKey()), file.getValue());
        }
    }

    /** Goes on with the run to its end; returns the notes of damage. */
    private List<String> goOn() throws IOException {
        List<String> damage;
        try (RunFiles files = open()) {
            damage = files.damage();
            List<RunFiles.Stored> missing = new ArrayList<>();
            for (int i = 0; i < PROBLEMS; i++) {
                if (!files.has(i)) {
                    missing.add(answer(i));
                }
            }
            files.store(missing);
            files.complete();
        }
        assertEquals(undisturbed(), Files.readString(out));
        assertEquals(PROBLEMS, Files.readAllLines(RunFiles.beside(out, ".sums")).size());
        return damage;
    }

    private static int step(int sampled) {
        return ALL ? 1 : sampled;
    }

    @Test
    void aFlippedByteNeverChangesTheOutputSilently() throws IOException {
        for (String ending : ENDINGS) {
            byte[] whole = halfDone.get(ending);
            for (int back = 1; back <= Math.min(LAST_BYTES, whole.length); back += step(7)) {
                for (int flip : new int[] {0x01, 0x80}) {
                    restoreHalfDone();
                    byte[] damaged = whole.clone();
                    damaged[whole.length - back] ^= (byte) flip;
                    Files.write(RunFiles.beside(out, ending), damaged);
                    if (ending.equals(".run.json")) {
                        assertRefusedOrRight();
                    } else {
                        goOn();
                    }
                }
            }
        }
    }

    /** The description of the run is the only file whose damage is not repaired. */
    private void assertRefusedOrRight() throws IOException {
        try {
            goOn();
        } catch (InputException e) {
            String message = e.getMessage();
            assertTrue(message.contains("out.jsonl.run.json"), message);
            assertEquals(
                    new String(halfDone.get(""), StandardCharsets.UTF_8), Files.readString(out));
        }
    }

    @Test
    void aHoleOfZerosIsRecovered() throws IOException {
        for (String ending : List.of("", ".journal", ".sums", ".timings.jsonl")) {
            byte[] whole = halfDone.get(ending);
            for (int start = 0; start < whole.length; start += step(61)) {
                restoreHalfDone();
                byte[] damaged = whole.clone();
                Arrays.fill(damaged, start, Math.min(whole.length, start + HOLE_BYTES), (byte) 0);
                Files.write(RunFiles.beside(out, ending), damaged);
                goOn();
            }
        }
    }

    @Test
    void aTornEndIsRecovered() throws IOException {
        for (String ending : List.of("", ".journal", ".sums", ".timings.jsonl")) {
            byte[] whole = halfDone.get(ending);
            for (int length = 0; length < whole.length; length += step(23)) {
                restoreHalfDone();
                Files.write(RunFiles.beside(out, ending), Arrays.copyOf(whole, length));
                goOn();
            }
        }
    }

    @Test
    void damageIsNamedAndWhatIsWholeIsKept() throws IOException {
        byte[] damaged = halfDone.get("").clone();
        damaged[damaged.length / 2] ^= 1; // in the third of the five lines
        Files.write(out, damaged);
        try (RunFiles files = open()) {
            assertEquals(
                    List.of(
                            "1 damaged line in the output; 2 later answers are kept, what the"
                                    + " journal lacks is generated again"),
                    files.damage());
            assertEquals(STORED_IN_ORDER + STORED_AHEAD.size() - 1, files.stored());
            assertFalse(files.has(2) && files.has(3) && files.has(4));
            assertEquals(2, Files.readAllLines(out).size());
        }
        assertEquals(List.of(), goOn(), "it is mended");
    }

    @Test
    void withoutChecksumsNothingGoesOn() throws IOException {
        Files.delete(RunFiles.beside(out, ".sums"));
        String message = assertThrows(InputException.class, this::open).getMessage();
        assertTrue(message.contains("cannot be checked; restore it"), message);
        assertEquals(new String(halfDone.get("")), Files.readString(out));
    }
}
