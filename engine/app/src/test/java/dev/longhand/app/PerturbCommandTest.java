package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.TestDevices;
import dev.longhand.kernels.Device;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The perturb command on small files, and with the demo's model as the one that is asked. */
class PerturbCommandTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String TEXT = "17 plus 25 is 42, x2 = 3.14 and a_1 = 1,000; \\boxed{42}";

    private static final String THOUGHT =
            "<|begin_of_thought|>\n\n%s\n\nWait, b\n\n<|end_of_thought|>\n\n"
                    + "<|begin_of_solution|>\n\nc\n\n<|end_of_solution|>";

    @TempDir private Path folder;

    @BeforeEach
    void writeSamples() throws IOException {
        write("in.jsonl", sample("s1", TEXT));
        write("tagged.jsonl", sample("t1", THOUGHT.formatted("a")), sample("t2", "untagged"));
    }

    private static String sample(String id, String answer) {
        var sample = JSON.createObjectNode().put("id", id);
        var turns = sample.putArray("conversations");
        turns.addObject().put("from", "human").put("value", "question");
        turns.addObject().put("from", "gpt").put("value", answer);
        return JSON.writeValueAsString(sample);
    }

    private void write(String name, String... lines) throws IOException {
        Files.write(folder.resolve(name), List.of(lines));
    }

    private int run(String in, String... options) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "perturb",
                                "--input=" + folder.resolve(in),
                                "--out=" + folder.resolve("out.jsonl")));
        arguments.addAll(List.of(options));
        return Main.run(arguments.toArray(String[]::new));
    }

    private JsonNode out(int line) throws IOException {
        return JSON.readTree(Files.readAllLines(folder.resolve("out.jsonl")).get(line));
    }

    private static String answer(JsonNode sample) {
        return sample.path("conversations").path(1).path("value").asString();
    }

    @Test
    void goldenDigits() throws IOException {
        assertEquals(0, run("in.jsonl", "--op=digits", "--ratio=20%"));
        assertEquals("17 plus 25 is 42, x2 = 8 and a_1 = 1,5; \\boxed{1}", answer(out(0)));
        assertEquals(
                "{\"op\":\"digits\",\"ratio\":0.2,\"seed\":0,\"n_units\":7,\"n_touched\":3,"
                        + "\"n_changed\":3,\"source_ids\":[],\"scope\":\"message\"}",
                out(0).path("meta").path("perturb").toString());
        JsonNode report = JSON.readTree(folder.resolve("out.jsonl.report.json").toFile());
        assertEquals(3, report.path("n_changed").asInt());
    }

    @Test
    void badArgumentsAreRefused() {
        assertEquals(2, run("in.jsonl", "--op=digits", "--ratio=20"));
        assertEquals(2, run("in.jsonl", "--op=digits", "--ratio=x"));
        assertEquals(2, run("in.jsonl", "--op=digit", "--ratio=0"));
        assertEquals(2, run("none.jsonl", "--op=digits", "--ratio=0"));
        assertEquals(2, run("in.jsonl", "--op=delete", "--ratio=1", "--segment=model"));
    }

    @Test
    void keywordsAndStepsFromFiles() throws IOException {
        write("words", "b", "", "wait");
        String words = "--keywords=" + folder.resolve("words");
        assertEquals(0, run("tagged.jsonl", "--op=keywords", "--ratio=1", words));
        assertTrue(answer(out(0)).contains("\n\na\n\n\n\n<|end"), answer(out(0)));
        write("steps", "{\"id\":\"t1\",\"steps\":[[2,12]]}");
        String steps = "--steps=" + folder.resolve("steps");
        assertEquals(0, run("tagged.jsonl", "--op=delete", "--ratio=1", steps));
        assertTrue(answer(out(0)).startsWith("<|begin_of_thought|>\n\n<|end"), answer(out(0)));
        assertEquals("untagged", answer(out(1)));
    }

    /** The demo's model cannot copy a thought, so no answer of it is taken. */
    @Test
    void aModelIsAskedThroughTheEngine() throws IOException {
        TestDevices.require(Device.CPU);
        write("run.json", "{\"max_new_tokens\": 8, \"user_template\": \"Divide: {question}\"}");
        String[] model = {
            "--model=" + Goldens.DEMO.resolve("checkpoint"),
            "--config=" + folder.resolve("run.json"),
            "--device=cpu",
            "--ratio=1"
        };
        assertEquals(
                0,
                run(
                        "tagged.jsonl",
                        "--op=shuffle",
                        "--segment=model",
                        model[0],
                        model[1],
                        model[2],
                        model[3]));
        assertEquals(THOUGHT.formatted("a"), answer(out(0)));
        JsonNode noted = out(0).path("meta").path("perturb");
        assertEquals("undivided", noted.path("skipped").asString());
        assertEquals("model", noted.path("segmentation").asString());
        Path answers = folder.resolve("out.jsonl.answers.jsonl");
        assertEquals(1, Files.readAllLines(answers).size());
        Files.delete(folder.resolve("out.jsonl.answers.jsonl.run.json"));
        Files.delete(answers);
        Files.delete(folder.resolve("out.jsonl.answers.jsonl.timings.jsonl"));
        Files.delete(folder.resolve("out.jsonl.answers.jsonl.sums"));
        assertEquals(
                0, run("tagged.jsonl", "--op=keywords", model[0], model[1], model[2], model[3]));
        assertEquals("untagged", answer(out(1)));
        assertEquals("refused", out(0).path("meta").path("perturb").path("skipped").asString());
    }
}
