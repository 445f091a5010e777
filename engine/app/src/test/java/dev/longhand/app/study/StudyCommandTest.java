package dev.longhand.app.study;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.app.MainProcess;
import dev.longhand.engine.Goldens;
import dev.longhand.study.result.AnswerFilter;
import dev.longhand.study.result.AnswerPages;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A study of two rows with the demo's model, as processes. */
class StudyCommandTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final int PROBLEMS = 6;

    @TempDir private Path folder;

    private Path config() throws IOException {
        List<String> problems = new ArrayList<>();
        List<String> samples = new ArrayList<>();
        try (Stream<String> lines = Files.lines(Goldens.DEMO.resolve("problems.jsonl"))) {
            for (String line : lines.limit(PROBLEMS).toList()) {
                JsonNode row = JSON.readTree(line);
                ObjectNode problem = JSON.createObjectNode();
                problem.set("id", row.get("id"));
                problem.put("benchmark", "math500");
                problem.set("question", row.get("question"));
                problem.putArray("answers").add(row.get("answer").asString());
                problems.add(problem.toString());
                ObjectNode sample = JSON.createObjectNode();
                var turns = sample.putArray("conversations");
                turns.addObject().put("from", "user").put("value", row.get("question").asString());
                turns.addObject()
                        .put("from", "assistant")
                        .put("value", "The answer is " + row.get("answer").asString() + ".");
                samples.add(sample.toString());
            }
        }
        Files.write(folder.resolve("problems.jsonl"), problems);
        Files.write(folder.resolve("samples.jsonl"), samples);
        ObjectNode config = JSON.createObjectNode();
        config.put("study", "micro");
        config.put("model", Goldens.DEMO.resolve("checkpoint").toString());
        config.putArray("benchmarks").add("{here}/problems.jsonl");
        config.putObject("generate").put("max_new_tokens", 40).put("max_context", 512);
        List.of("--rank", "2", "--steps", "8", "--accumulate", "2", "--save-every", "1")
                .forEach(config.putArray("train")::add);
        var rows = config.putArray("rows");
        rows.addObject().put("row", "original");
        rows.addObject()
                .put("row", "digits-50")
                .put("data", "{here}/samples.jsonl")
                .putArray("perturb")
                .add("--op")
                .add("digits")
                .add("--ratio")
                .add("0.5");
        return Files.writeString(folder.resolve("micro.json"), config.toPrettyString());
    }

    private Process start(String command, String out) throws IOException {
        return MainProcess.builder(
                        MainProcess.QUICK,
                        List.of(
                                "study",
                                command,
                                folder.resolve("micro.json").toString(),
                                "--out",
                                folder.resolve(out).toString()))
                .redirectErrorStream(true)
                .start();
    }

    private String finish(String command, String out) throws Exception {
        Process process = start(command, out);
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(200, TimeUnit.SECONDS), said);
        assertEquals(0, process.exitValue(), said);
        return said;
    }

    /**
     * Killed in the middle of training and resumed, a study has the bytes of an undisturbed one.
     */
    @Test
    void aKilledStudyGoesOn() throws Exception {
        config();
        assertTrue(finish("plan", "a").contains("8 stages, 2 rows"));
        assertTrue(finish("run", "a").contains("8 stages done now, 0 before"));
        assertTrue(finish("run", "a").contains("0 stages done now, 8 before"));
        Process process = start("run", "b");
        Path begun = folder.resolve("b/stages/train-digits-50/state");
        while (process.isAlive() && Files.notExists(begun)) {
            Thread.sleep(10);
        }
        List<ProcessHandle> stages = process.descendants().toList();
        process.destroyForcibly().waitFor();
        for (ProcessHandle stage : stages) {
            stage.onExit().get(60, TimeUnit.SECONDS); // no stage outlives its study
        }
        assertFalse(finish("status", "b").contains("8 done"));
        finish("run", "b");
        assertTrue(finish("status", "b").contains("8 done"));
        for (String file :
                List.of(
                        "stages/perturb-digits-50/set.jsonl",
                        "stages/train-digits-50/last/adapter_model.safetensors",
                        "stages/generate-original/generations.jsonl",
                        "stages/generate-digits-50/generations.jsonl",
                        "stages/score-digits-50/scores.jsonl",
                        "stages/tables/tables.json",
                        "study.json")) {
            assertArrayEquals(
                    Files.readAllBytes(folder.resolve("a").resolve(file)),
                    Files.readAllBytes(folder.resolve("b").resolve(file)),
                    file);
        }
        AnswerPages.Choice all =
                new AnswerPages.Choice("digits-50", "math500", AnswerFilter.ALL, "original", 0, 50);
        JsonNode page = new AnswerPages(folder.resolve("a")).page(all);
        assertEquals(PROBLEMS, page.path("total").asInt());
        assertTrue(page.at("/answers/0/other/text").asString().contains("answer"));
    }
}
