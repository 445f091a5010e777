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
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/** The files of a run after an interruption at any moment. */
class RunFilesTest {
    private static final int PROBLEMS = 9;
    private static final int SAMPLES = 3;

    @TempDir private Path folder;
    private Path out;
    private RunConfig config;
    private RunPlan plan;

    @BeforeEach
    void plan() throws IOException {
        out = folder.resolve("out.jsonl");
        config = config("{\"n\":" + SAMPLES + ",\"seed\":7}");
        plan = new RunPlan(problems(), config);
    }

    private RunConfig config(String json) throws IOException {
        return RunConfig.read(Files.writeString(folder.resolve("config.json"), json));
    }

    private List<Problem> problems() throws IOException {
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < PROBLEMS; i++) {
            lines.append("{\"id\":\"p%d\",\"question\":\"q\",\"own\":[%d]}\n".formatted(i, i));
        }
        return Problem.read(Files.writeString(folder.resolve("problems.jsonl"), lines));
    }

    private RunFiles open(RunConfig asked) {
        return RunFiles.open(out, new RunManifest(asked, "p", "m", null, 512, "cpu"), plan);
    }

    private RunFiles.Stored answer(int index) {
        String text = "answer %d\nü\u2028 \"%s\"".formatted(index, "x".repeat(index * 37 % 101));
        Generation line =
                new Generation(
                        plan.problem(index).id(),
                        plan.sample(index),
                        "sha",
                        text,
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

    private String undisturbed(boolean timings) {
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < plan.total(); i++) {
            all.append(timings ? answer(i).timing() : answer(i).line()).append('\n');
        }
        return all.toString();
    }

    private Path beside(String ending) {
        return RunFiles.beside(out, ending);
    }

    /** Answers in any order, a few at a time, interrupted at any moment with a torn last line. */
    @Test
    void whatWasStoredIsThereWheneverTheRunEnds() throws IOException {
        for (int round = 0; round < 60; round++) {
            Random random = new Random(round);
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < plan.total(); i++) {
                order.add(i);
            }
            Collections.shuffle(order, random);
            Set<Integer> stored = new HashSet<>();
            int next = 0;
            while (stored.size() < plan.total()) {
                try (RunFiles files = open(config)) {
                    for (int index = 0; index < plan.total(); index++) {
                        assertEquals(stored.contains(index), files.has(index), "answer " + index);
                    }
                    assertEquals(stored.size(), files.stored());
                    for (int i = random.nextInt(4); i > 0 && next < order.size(); i--) {
                        int count = Math.min(1 + random.nextInt(5), order.size() - next);
                        List<Integer> some = order.subList(next, next + count);
                        files.store(some.stream().map(this::answer).toList());
                        stored.addAll(some);
                        next += count;
                    }
                }
                assertTrue(undisturbed(false).startsWith(Files.readString(out)));
                tear(random, stored);
            }
            try (RunFiles files = open(config)) {
                files.complete();
            }
            assertEquals(undisturbed(false), Files.readString(out));
            assertEquals(undisturbed(true), Files.readString(beside(".timings.jsonl")));
            assertFalse(Files.exists(beside(".journal")));
            Files.delete(out);
            Files.delete(beside(".timings.jsonl"));
            Files.delete(beside(".run.json"));
        }
    }

    /** Leaves the files as an interrupted write would. */
    private void tear(Random random, Set<Integer> stored) throws IOException {
        int next = 0;
        while (stored.contains(next)) {
            next++;
        }
        if (next < plan.total()) {
            String line = answer(next).line();
            append(out, line.substring(0, random.nextInt(line.length())));
            append(beside(".journal"), line.substring(0, random.nextInt(line.length())));
            append(beside(".timings.jsonl"), "{\"id\"".substring(0, random.nextInt(6)));
        }
    }

    private static void append(Path file, String text) throws IOException {
        Files.writeString(file, text, StandardOpenOption.APPEND, StandardOpenOption.CREATE);
    }

    /** The journal still has answers that are in the output, with or without timings. */
    @Test
    void anEndBetweenTheFilesLosesAndDoublesNothing() throws IOException {
        try (RunFiles files = open(config)) {
            files.store(List.of(answer(1), answer(2), answer(5)));
        }
        byte[] journal = Files.readAllBytes(beside(".journal"));
        try (RunFiles files = open(config)) {
            files.store(List.of(answer(0)));
        }
        Files.write(beside(".journal"), journal);
        append(beside(".journal"), entry(0) + "\n");
        Files.writeString(beside(".timings.jsonl"), answer(0).timing() + "\n");
        try (RunFiles files = open(config)) {
            assertEquals(4, files.stored());
            assertTrue(files.has(0) && files.has(2) && files.has(5) && !files.has(3));
        }
        List<String> times = Files.readAllLines(beside(".timings.jsonl"));
        assertEquals(
                Set.of(answer(0).timing(), answer(1).timing(), answer(2).timing()),
                new HashSet<>(times));
        assertEquals(3, times.size());
        assertEquals(3, Files.readAllLines(out).size());
    }

    private String entry(int index) {
        RunFiles.Stored answer = answer(index);
        return new String(
                new JournalEntry(index, answer.line(), answer.timing()).bytes(),
                StandardCharsets.UTF_8);
    }

    @Test
    void anotherConfigurationIsRefusedByName() throws IOException {
        try (RunFiles files = open(config)) {
            files.store(List.of(answer(0)));
        }
        byte[] before = Files.readAllBytes(out);
        RunConfig hotter = config("{\"n\":3,\"seed\":7,\"temperature\":0.5}");
        String message = assertThrows(InputException.class, () -> open(hotter)).getMessage();
        assertTrue(message.contains("temperature was 0.0 and is 0.5"), message);
        RunManifest model = new RunManifest(config, "p", "other", null, 512, "cpu");
        message =
                assertThrows(InputException.class, () -> RunFiles.open(out, model, plan))
                        .getMessage();
        assertTrue(message.contains("model_sha"), message);
        assertEquals(new String(before), Files.readString(out));
        open(config).close();
    }

    @Test
    void foreignFilesAreLeftAlone() throws IOException {
        Files.writeString(out, "precious\n");
        assertThrows(InputException.class, () -> open(config));
        assertEquals("precious\n", Files.readString(out));
        Files.delete(out);
        Files.writeString(beside(".journal"), "{\"precious\":1}\n");
        assertThrows(InputException.class, () -> open(config));
        assertEquals("{\"precious\":1}\n", Files.readString(beside(".journal")));
        Files.delete(beside(".journal"));
        open(config).close();
        Files.writeString(out, answer(1).line() + "\n");
        String message = assertThrows(InputException.class, () -> open(config)).getMessage();
        assertEquals("line 1 of the output is not what this run writes there", message);
    }

    @Test
    void twoRunsDoNotWriteTheSameFile() {
        RunFiles first = open(config);
        String message = assertThrows(InputException.class, () -> open(config)).getMessage();
        assertTrue(message.contains("another run is writing it"), message);
        first.close();
        open(config).close();
    }

    /** Seeds differ between samples and problems, and do not depend on other problems. */
    @Test
    void seedsFollowFromSeedProblemAndSample() throws IOException {
        Set<Long> seeds = new HashSet<>();
        for (int i = 0; i < plan.total(); i++) {
            assertTrue(plan.seed(i) >= 0 && plan.seed(i) < 1L << 53);
            seeds.add(plan.seed(i));
        }
        assertEquals(plan.total(), seeds.size());
        RunPlan more = new RunPlan(problems().subList(4, 6), config("{\"n\":20,\"seed\":7}"));
        assertEquals(plan.seed(4 * SAMPLES + 2), more.seed(2));
        RunPlan other = new RunPlan(problems(), config("{\"n\":3,\"seed\":8}"));
        assertFalse(seeds.contains(other.seed(0)));
        // printf %s 7:generate:p0 | sha256sum | cut -c1-13
        assertEquals(0x22fc78a5f98dbL, plan.seed(0));
        assertEquals(plan.seed(0) + 2, plan.seed(2));
    }
}
