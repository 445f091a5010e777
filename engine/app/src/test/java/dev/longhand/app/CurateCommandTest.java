package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Runs the curate command as a separate process, with the demo's model as the teacher. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class CurateCommandTest {
    private static final int PROBLEMS = 6;
    private static final int SAMPLES = 2;
    private static final int KILLS = 2;
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir private Path folder;

    private void writeFiles() throws IOException {
        List<String> problems = new ArrayList<>();
        for (String line : Files.readAllLines(Goldens.DEMO.resolve("problems.jsonl"))) {
            if (problems.size() < PROBLEMS) {
                JsonNode demo = JSON.readTree(line);
                ObjectNode problem = JSON.createObjectNode();
                problem.set("id", demo.get("id"));
                problem.put("benchmark", "demo").put("question", demo.get("question").asString());
                problem.putArray("answers").add(demo.get("answer").asString());
                problems.add(problem.toString());
            }
        }
        Files.write(folder.resolve("problems.jsonl"), problems);
        Files.writeString(folder.resolve("bench.jsonl"), problems.getFirst());
        Files.writeString(
                folder.resolve("run.json"),
                "{\"adapter\":\"long-cot\",\"n\":%d,\"temperature\":0.1,\"max_new_tokens\":300}"
                        .formatted(SAMPLES));
    }

    private Process start(String out) throws IOException {
        return MainProcess.builder(
                        MainProcess.QUICK,
                        List.of(
                                "curate",
                                "--model=" + Goldens.DEMO.resolve("checkpoint"),
                                "--adapter=long-cot=" + Goldens.DEMO.resolve("adapter"),
                                "--config=" + folder.resolve("run.json"),
                                "--problems=" + folder.resolve("problems.jsonl"),
                                "--benchmark=" + folder.resolve("bench.jsonl"),
                                "--teacher=demo",
                                "--out=" + folder.resolve(out),
                                "--max-context=512",
                                "--device=cpu"))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile())
                .start();
    }

    private void succeed(String out) throws Exception {
        assertEquals(0, start(out).waitFor(), Files.readString(folder.resolve("said")));
    }

    private long answers(String out) throws IOException {
        Path file = folder.resolve(out + ".generations.jsonl");
        return Files.exists(file) ? Files.readString(file).lines().count() : 0;
    }

    @Test
    void aKilledRunEndsWithTheSameBytes() throws Exception {
        TestDevices.require(Device.CPU);
        writeFiles();
        succeed("undisturbed.jsonl");
        JsonNode stages =
                JSON.readTree(folder.resolve("undisturbed.jsonl.card.json").toFile())
                        .path("stages");
        assertEquals(PROBLEMS * SAMPLES, stages.path("generated").asInt());
        int kept = stages.path("kept").asInt();
        assertTrue(kept > 0, stages.toString());
        assertTrue(stages.path("decontaminated").asInt() <= stages.path("unique").asInt());
        assertEquals(kept, Files.readAllLines(folder.resolve("undisturbed.jsonl")).size());
        Random random = new Random();
        for (int kill = 0; kill < KILLS; kill++) {
            long wanted = answers("killed.jsonl") + random.nextInt(PROBLEMS * SAMPLES / KILLS);
            Process process = start("killed.jsonl");
            while (process.isAlive() && answers("killed.jsonl") < wanted) {
                Thread.sleep(3);
            }
            process.destroyForcibly().waitFor();
        }
        succeed("killed.jsonl");
        for (String ending : List.of("", ".generations.jsonl", ".card.json", ".card.md")) {
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve("undisturbed.jsonl" + ending)),
                    Files.readAllBytes(folder.resolve("killed.jsonl" + ending)),
                    ending);
        }
    }
}
