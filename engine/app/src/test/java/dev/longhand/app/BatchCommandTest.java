package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Completion;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Runs the batch command as a separate process: uninterrupted, killed, and with a full disk. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class BatchCommandTest {
    private static final Path DEMO = Goldens.DEMO;
    private static final int PROBLEMS = 14;
    private static final int SAMPLES = 3;
    private static final int KILLS = 4;
    private static final Pattern BEFORE = Pattern.compile(": (\\d+) answers before");

    @TempDir private Path folder;
    private final ObjectNode config = new JsonMapper().createObjectNode();

    @BeforeEach
    void writeFiles() throws IOException {
        TestDevices.require(Device.CPU);
        List<String> problems = new ArrayList<>();
        try (Stream<String> lines = Files.lines(DEMO.resolve("problems.jsonl"))) {
            for (String line : lines.limit(PROBLEMS).toList()) {
                JsonNode demo = new JsonMapper().readTree(line);
                problems.add(
                        new JsonMapper()
                                .createObjectNode()
                                .put("id", "demo-" + demo.get("id"))
                                .put("question", demo.get("question").asString())
                                .put("steps", demo.get("steps").asInt())
                                .toString());
            }
        }
        Files.write(folder.resolve("problems.jsonl"), problems);
        config.put("adapter", "long-cot").put("n", SAMPLES).put("seed", 11);
        config.put("temperature", 1.5).put("max_new_tokens", 200).put("max_context", 320);
        configure();
    }

    private void configure() throws IOException {
        Files.writeString(folder.resolve("run.json"), config.toString());
    }

    private Process start(String out, String... more) throws IOException {
        List<String> command =
                new ArrayList<>(
                        List.of(
                                "batch",
                                "--model=" + DEMO.resolve("checkpoint"),
                                "--adapter=long-cot=" + DEMO.resolve("adapter"),
                                "--config=" + folder.resolve("run.json"),
                                "--input=" + folder.resolve("problems.jsonl"),
                                "--out=" + folder.resolve(out),
                                "--device=cpu"));
        command.addAll(List.of(more));
        return MainProcess.builder(MainProcess.QUICK, command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();
    }

    private String said() throws IOException {
        return Files.readString(folder.resolve("said"));
    }

    private void succeed(String out, String... more) throws Exception {
        assertEquals(0, start(out, more).waitFor(), said());
    }

    private byte[] bytes(String file) throws IOException {
        return Files.readAllBytes(folder.resolve(file));
    }

    private int before() throws IOException {
        Matcher matcher = BEFORE.matcher(said());
        assertTrue(matcher.find(), said());
        return Integer.parseInt(matcher.group(1));
    }

    /** The number of complete answers in the files, including those in the journal. */
    private int onDisk(String out) throws IOException {
        Set<Integer> indexes = new HashSet<>();
        int lines = (int) new String(bytes(out), StandardCharsets.UTF_8).lines().count();
        lines -= endsInALine(out) ? 0 : 1;
        for (int i = 0; i < lines; i++) {
            indexes.add(i);
        }
        if (Files.exists(folder.resolve(out + ".journal"))) {
            boolean whole = endsInALine(out + ".journal");
            List<String> entries = Files.readAllLines(folder.resolve(out + ".journal"));
            for (String entry : whole ? entries : entries.subList(0, entries.size() - 1)) {
                indexes.add(new JsonMapper().readTree(entry).get("index").asInt());
            }
        }
        return indexes.size();
    }

    private boolean endsInALine(String file) throws IOException {
        byte[] content = bytes(file);
        return content.length == 0 || content[content.length - 1] == '\n';
    }

    /** Kills the process several times at any moment, and tears the last line once. */
    @Test
    void aKilledRunGoesOnToTheSameBytes() throws Exception {
        succeed("undisturbed.jsonl", "--sequences=4", "--threads=1");
        assertEquals(0, before());
        byte[] undisturbed = bytes("undisturbed.jsonl");
        assertAnswers(undisturbed);
        Random random = new Random();
        int kept = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process process = start("killed.jsonl");
            awaitMore(process, kept, random.nextInt(PROBLEMS * SAMPLES / KILLS));
            process.destroyForcibly().waitFor();
            if (kill == 2) {
                Files.writeString(
                        folder.resolve("killed.jsonl"), "{\"id\":\"to", StandardOpenOption.APPEND);
            }
            int now = onDisk("killed.jsonl");
            assertTrue(now >= kept, now + " answers are left of " + kept);
            kept = now;
        }
        assertFalse(Arrays.equals(undisturbed, bytes("killed.jsonl")), "too late");
        succeed("killed.jsonl", "--sequences=8", "--threads=2");
        assertEquals(kept, before());
        assertArrayEquals(undisturbed, bytes("killed.jsonl"));
        assertFalse(Files.exists(folder.resolve("killed.jsonl.journal")));
        succeed("killed.jsonl");
        assertEquals(PROBLEMS * SAMPLES, before());
        assertArrayEquals(undisturbed, bytes("killed.jsonl"));
    }

    private void awaitMore(Process process, int kept, int more) throws Exception {
        while (process.isAlive()
                && !(Files.exists(folder.resolve("killed.jsonl"))
                        && onDisk("killed.jsonl") >= kept + more)) {
            Thread.sleep(3);
        }
        assertTrue(process.isAlive(), said());
    }

    /** The answers are in the order of the problems, each equal to that of the request alone. */
    private void assertAnswers(byte[] output) throws Exception {
        List<JsonNode> lines =
                new String(output, StandardCharsets.UTF_8)
                        .lines()
                        .map(line -> new JsonMapper().readTree(line))
                        .toList();
        assertEquals(PROBLEMS * SAMPLES, lines.size());
        List<String> problems = Files.readAllLines(folder.resolve("problems.jsonl"));
        Set<String> texts = new HashSet<>();
        try (Engine engine =
                Engine.open(
                        EngineConfig.of(DEMO.resolve("checkpoint"))
                                .withDevice(Device.CPU)
                                .withContextTokensMax(320)
                                .withAdapter("it", DEMO.resolve("adapter")))) {
            for (int i = 0; i < lines.size(); i++) {
                JsonNode problem = new JsonMapper().readTree(problems.get(i / SAMPLES));
                JsonNode line = lines.get(i);
                assertEquals(problem.get("id"), line.get("id"));
                assertEquals(problem.get("steps"), line.get("steps"));
                assertEquals(i % SAMPLES, line.get("sample").asInt());
                texts.add(line.get("text").asString());
                if (i % 7 == 0) {
                    SamplingOptions sampling =
                            SamplingOptions.DEFAULT
                                    .withTemperature(1.5f)
                                    .withSeed(line.get("seed").asLong());
                    Completion alone =
                            Completion.of(
                                    engine,
                                    GenerationRequest.chat(problem.get("question").asString())
                                            .withMaxTokens(200)
                                            .withSampling(sampling)
                                            .withAdapter("it"));
                    assertEquals(alone.text(), line.get("text").asString());
                    assertEquals(alone.ids().size(), line.get("output_tokens").asInt());
                    boolean stopped = alone.reason().jsonName().equals("stop");
                    assertEquals(stopped ? "eos" : "length", line.get("finish").asString());
                }
            }
        }
        assertTrue(texts.size() > PROBLEMS * SAMPLES / 2, "samples differ: " + texts.size());
    }

    @Test
    void whatIsNotThisRunIsRefused() throws Exception {
        config.put("n", 1);
        configure();
        Process process = start("out.jsonl");
        while (process.isAlive() && onDiskOrNone("out.jsonl") < 2) {
            Thread.sleep(3);
        }
        process.destroyForcibly().waitFor();
        byte[] before = bytes("out.jsonl");
        config.put("temperature", 0.3);
        configure();
        assertEquals(2, start("out.jsonl").waitFor());
        assertTrue(said().contains("temperature was 1.5"), said());
        config.put("temperature", 1.5).put("adapter_scale", 0.5);
        configure();
        assertEquals(2, start("out.jsonl").waitFor());
        assertTrue(said().contains("adapter_sha was"), said());
        assertArrayEquals(before, bytes("out.jsonl"));
        Files.writeString(folder.resolve("problems.jsonl"), "{\"id\":", StandardOpenOption.APPEND);
        assertEquals(2, start("out.jsonl").waitFor());
        String line = "problems.jsonl:%d: is not JSON".formatted(PROBLEMS + 1);
        assertTrue(said().contains(line), said());
        assertEquals(1, said().lines().count(), said());
    }

    /** A run that is stopped half-way keeps another one away and ends right all the same. */
    @Test
    void twoRunsDoNotWriteTheSameOutput() throws Exception {
        succeed("undisturbed.jsonl");
        Process first = start("out.jsonl");
        try {
            while (first.isAlive() && onDiskOrNone("out.jsonl") < 2) {
                Thread.sleep(3);
            }
            assertEquals(
                    0, new ProcessBuilder("kill", "-STOP", "" + first.pid()).start().waitFor());
            byte[] before = bytes("out.jsonl");
            byte[] journal = bytes("out.jsonl.journal");
            assertEquals(2, start("out.jsonl").waitFor(), said());
            String last = said().lines().reduce((a, b) -> b).get();
            assertTrue(
                    last.endsWith(
                            "out.jsonl: another run is writing it; wait for its end, or"
                                    + " choose another output"),
                    last);
            assertArrayEquals(before, bytes("out.jsonl"));
            assertArrayEquals(journal, bytes("out.jsonl.journal"));
            assertEquals(
                    0, new ProcessBuilder("kill", "-CONT", "" + first.pid()).start().waitFor());
            assertEquals(0, first.waitFor(), said());
            assertArrayEquals(bytes("undisturbed.jsonl"), bytes("out.jsonl"));
        } finally {
            first.destroyForcibly();
        }
    }

    private int onDiskOrNone(String out) throws IOException {
        return Files.exists(folder.resolve(out)) ? onDisk(out) : 0;
    }

    /** Limits the files of the process to 12,000 bytes, which the second answer exceeds. */
    @Test
    void aFullDiskIsOneErrorAndLosesNothing() throws Exception {
        Assumptions.assumeTrue(
                Files.isExecutable(Path.of("/usr/bin/prlimit")), "skipped: needs prlimit");
        succeed("undisturbed.jsonl");
        Process process = start("full.jsonl");
        while (process.isAlive() && onDiskOrNone("full.jsonl") < 2) {
            Thread.sleep(3);
        }
        new ProcessBuilder("prlimit", "--pid", "" + process.pid(), "--fsize=12000")
                .inheritIO()
                .start()
                .waitFor();
        assertEquals(1, process.waitFor(), said());
        String last = said().lines().reduce((a, b) -> b).get();
        assertTrue(last.contains("cannot be written (File too large)"), said());
        assertTrue(last.contains("the same command goes on from there"), said());
        int kept = onDisk("full.jsonl");
        assertTrue(kept >= 2 && kept < PROBLEMS * SAMPLES, "kept " + kept);
        succeed("full.jsonl");
        assertEquals(kept, before());
        assertArrayEquals(bytes("undisturbed.jsonl"), bytes("full.jsonl"));
    }
}
