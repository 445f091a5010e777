package dev.longhand.app;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;
import dev.longhand.study.format.Summary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Log-likelihoods of options of the demo by the templates of lm-eval's tasks mmlu and
 * arc_challenge, on problems of ours. The expected ones are those of transformers in float32 for
 * the requests that lm-eval 0.4.13 makes: on an earlier demo the script that wrote them equalled
 * lm-eval within 8e-6.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class EvaluateCommandTest {
    private static final double TOLERANCE = 1e-4;

    @TempDir private Path folder;

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(EvaluateCommandTest.class.getResource("evaluate/" + name).toURI());
    }

    private Path problems(String benchmark, String file) throws URISyntaxException {
        Path out = folder.resolve("problems-" + file);
        assertEquals(
                0,
                Main.run(
                        "problems",
                        "--benchmark=" + benchmark,
                        "--input=" + resource(file),
                        "--out=" + out));
        return out;
    }

    private Path evaluate(String run, Path problems, String... more) {
        Path out = folder.resolve(run + ".jsonl");
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "evaluate",
                                "--model=" + Goldens.DEMO.resolve("checkpoint"),
                                "--device=cpu",
                                "--max-context=2048",
                                "--sequences=4",
                                "--problems=" + problems,
                                "--out=" + out));
        arguments.addAll(List.of(more));
        assertEquals(0, Main.run(arguments.toArray(String[]::new)));
        return out;
    }

    /** Compares with lm-eval; returns the summary. */
    private static Summary check(String run, Path out) throws URISyntaxException {
        List<Score> scores = JsonLines.readAll(out, Score::of);
        List<JsonNode> expected =
                JsonLines.readAll(resource("lm-eval.jsonl"), line -> (JsonNode) line.object());
        expected.removeIf(each -> !each.get("run").asString().equals(run));
        assertEquals(expected.size(), scores.size());
        for (int i = 0; i < scores.size(); i++) {
            JsonNode wanted = expected.get(i);
            JsonNode own = scores.get(i).others();
            for (int option = 0; option < wanted.get("log_likelihoods").size(); option++) {
                assertEquals(
                        wanted.get("log_likelihoods").get(option).doubleValue(),
                        own.get("log_likelihoods").get(option).doubleValue(),
                        TOLERANCE,
                        run + " " + i + " " + option);
            }
            assertEquals(wanted.get("acc").booleanValue(), scores.get(i).correct());
            for (String each : List.of("acc_norm", "acc_bytes")) {
                if (!wanted.get(each).isNull()) {
                    assertEquals(wanted.get(each), own.get(each), run + " " + i);
                }
            }
        }
        return JsonLines.readAll(Path.of(out + ".summary.json"), Summary::of).getFirst();
    }

    @Test
    void mmluIsThatOfLmEval() throws URISyntaxException, IOException {
        Path problems = problems("mmlu", "mmlu.jsonl");
        String examples = "--examples=" + problems("mmlu", "mmlu-dev.jsonl");
        Path plain = evaluate("mmlu", problems);
        Summary summary = check("mmlu", plain);
        assertEquals("mmlu", summary.benchmark());
        assertEquals(30, summary.accuracy());
        assertEquals(2, summary.others().get("subjects").size());
        check("mmlu-5", evaluate("mmlu-5", problems, "--shots=5", examples));
        check("mmlu-chat", evaluate("mmlu-chat", problems, "--chat"));
        check("mmlu-5-chat", evaluate("mmlu-5-chat", problems, "--chat", "--shots=5", examples));

        String whole = Files.readString(plain);
        Files.writeString(plain, whole.substring(0, whole.length() / 2)); // as if killed
        evaluate("mmlu", problems);
        assertEquals(whole, Files.readString(plain));
        assertEquals(
                2,
                Main.run(
                        "evaluate",
                        "--model=" + Goldens.DEMO.resolve("checkpoint"),
                        "--device=cpu",
                        "--chat",
                        "--problems=" + problems,
                        "--out=" + plain),
                "the scores are of other settings");
    }

    /** The demo knows results of steps as text, and direct answers less often. */
    @Test
    void plainOptionsStandAsTheyAre() {
        Path steps = stories("step_choices");
        Summary result = summary(evaluate("steps", steps, "--plain"));
        assertEquals("mmlu", result.benchmark());
        assertTrue(result.accuracy() >= 60, "of steps: " + result.accuracy());
        Path answers = stories("answer_choices");
        double direct = summary(evaluate("answers", answers, "--plain", "--chat")).accuracy();
        assertTrue(direct >= 45, "of answers: " + direct);
        double worded = summary(evaluate("worded", answers, "--chat")).accuracy();
        assertTrue(worded < direct, worded + " in MMLU's words, which the demo never saw");
    }

    private Path stories(String kind) {
        Path out = folder.resolve(kind);
        assertEquals(
                0,
                Main.run(
                        "stories",
                        "--kind=" + kind,
                        "--held-out",
                        "--count=40",
                        "--lengths=1,2",
                        "--benchmark=mmlu",
                        "--out=" + out));
        return out;
    }

    private static Summary summary(Path scores) {
        return JsonLines.readAll(Path.of(scores + ".summary.json"), Summary::of).getFirst();
    }

    @Test
    void arcIsThatOfLmEval() throws URISyntaxException {
        Path problems = problems("arc", "arc.jsonl");
        check("arc", evaluate("arc", problems));
        Summary chat = check("arc-chat", evaluate("arc-chat", problems, "--chat"));
        assertEquals(10, chat.accuracy());
        assertEquals(40, chat.others().get("acc_norm").doubleValue());
        assertTrue(chat.wilson().getFirst() > 0);
    }
}
