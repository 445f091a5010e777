package dev.longhand.study.score;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;
import dev.longhand.study.format.Summary;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** Whole files of scores: their figures, damage, differences, and runs that are killed. */
class ScoreRunTest {
    private static final int KILLS = 4;
    private static final int MANY = 6000;

    @TempDir private Path folder;

    /** Scores in a process of its own: problems, generations, output. */
    static final class Main {
        private Main() {}

        public static void main(String[] files) throws InterruptedException {
            new ScoreRun(Path.of(files[0]), AnswerMode.DEFAULT, 2)
                    .run(Path.of(files[1]), Path.of(files[2]), read -> {});
        }
    }

    private Path write(String name, String content) throws IOException {
        return Files.writeString(folder.resolve(name), content);
    }

    private Path problems() throws IOException {
        return write(
                "p.jsonl",
                """
                {"id":"a","benchmark":"m","question":"q","answers":["1/2"]}
                {"id":"b","benchmark":"m","question":"q","answers":["7","8"]}
                {"id":"c","benchmark":"k","question":"q","answers":["C"],"answer_type":"choice"}
                {"id":"d","benchmark":"k","question":"q","answers":[],"answer_type":"none"}
                """);
    }

    private Path generations() throws IOException {
        return write(
                "g.jsonl",
                """
                {"id":"a","sample":0,"text":"so \\\\boxed{0.5}","finish":"eos","output_tokens":11}
                {"id":"a","sample":1,"text":"no idea","finish":"length","output_tokens":20}
                {"id":"b","sample":0,"text":"wait, \\\\boxed{8}","finish":"eos","output_tokens":5}
                {"id":"b","sample":1,"text":"\\\\boxed{9}","finish":"eos","output_tokens":4}
                {"id":"c","text":"Option A fails. The answer is (C).","finish":"eos"}
                {"id":"d","text":"x","finish":"eos"}
                """);
    }

    private List<Summary> run(Path generations, Path out) throws IOException, InterruptedException {
        return new ScoreRun(problems(), AnswerMode.DEFAULT, 2).run(generations, out, read -> {});
    }

    /** MGSM as lm-eval's flexible-extract, and strict IFEval. */
    @Test
    void forgettingChecks() throws IOException, InterruptedException {
        Path problems =
                write(
                        "f.jsonl",
                        """
                        {"id":"a","benchmark":"mgsm","question":"q","answers":["1200"]}
                        {"id":"b","benchmark":"mgsm","question":"q","answers":["7"]}
                        {"id":"c","benchmark":"ifeval","question":"q","answers":[],\
                        "answer_type":"none","meta":{"instruction_id_list":\
                        ["punctuation:no_comma","startend:quotation"],"kwargs":[{},{}]}}
                        """);
        Path generations =
                write(
                        "h.jsonl",
                        """
                        {"id":"a","text":"So 3 times 400 is $1,200.","finish":"eos"}
                        {"id":"b","text":"7 apples of 8","finish":"eos"}
                        {"id":"c","sample":0,"text":"\\"no comma\\"","finish":"eos"}
                        {"id":"c","sample":1,"text":"\\"a, b\\"","finish":"eos"}
                        {"id":"c","sample":2,"text":" ","finish":"eos"}
                        """);
        Path out = folder.resolve("s.jsonl");
        List<Summary> summaries =
                new ScoreRun(problems, AnswerMode.DEFAULT, 2).run(generations, out, read -> {});
        assertEquals(
                List.of(true, false, true, false, false),
                JsonLines.readAll(out, Score::of).stream().map(Score::correct).toList());
        assertEquals("1200", JsonLines.readAll(out, Score::of).getFirst().normalized());
        Summary strict = summaries.get(1);
        assertEquals("ifeval", strict.benchmark());
        assertEquals(100.0 / 3, strict.accuracy(), 1e-9);
        assertEquals(50, strict.others().get("instruction_accuracy").doubleValue());
        assertEquals(1, strict.empty());
        assertEquals(50, summaries.get(2).accuracy());
    }

    @Test
    void verdictsAndSummaries() throws IOException, InterruptedException {
        Path out = folder.resolve("s.jsonl");
        List<Summary> summaries = run(generations(), out);
        List<Score> scores = JsonLines.readAll(out, Score::of);
        assertEquals(
                Arrays.asList(true, false, true, false, true, null),
                scores.stream().map(Score::correct).toList());
        assertEquals("8", scores.get(2).reference());
        assertEquals("boxed", scores.get(0).others().path("extraction").asString());
        assertEquals("symbolic", scores.get(0).rule());
        assertEquals(List.of("", "k", "m"), summaries.stream().map(Summary::benchmark).toList());
        Summary math = summaries.get(2);
        assertEquals(2, math.problems());
        assertEquals(4, math.samples());
        assertEquals(50, math.accuracy());
        assertEquals(Map.of(1, 0.5, 2, 1.0), math.passAtK());
        assertEquals((10 + 20 + 4 + 3) / 4.0, math.tokensMean());
        assertEquals(7, math.tokensMedian());
        assertEquals(20, math.tokensP90());
        assertEquals(0.25, math.keywordsMean());
        assertEquals(1, math.truncated());
        assertEquals(1, math.empty());
        assertEquals(1, summaries.get(1).others().path("unscored").asInt());
    }

    @Test
    void badInputIsNamed() throws IOException {
        Path out = folder.resolve("s.jsonl");
        Path unknown = write("u.jsonl", "\n{\"id\":\"zz\",\"text\":\"\"}\n");
        String message = assertThrows(InputException.class, () -> run(unknown, out)).getMessage();
        assertTrue(message.contains("u.jsonl:2: id zz is that of no problem"), message);
        Path broken = write("x.jsonl", "{\"id\":\"a\",\"text\":\"\"}\n{\"id\"\n");
        message = assertThrows(InputException.class, () -> run(broken, out)).getMessage();
        assertTrue(message.contains("x.jsonl:2: "), message);
    }

    @Test
    void scoresOfOtherOptionsAreRefused() throws IOException, InterruptedException {
        Path out = folder.resolve("s.jsonl");
        run(generations(), out);
        ScoreRun other = new ScoreRun(problems(), AnswerMode.COMPATIBLE, 1);
        assertThrows(InputException.class, () -> other.run(generations(), out, read -> {}));
    }

    @Test
    void differences() throws IOException, InterruptedException {
        Path first = folder.resolve("s1.jsonl");
        run(generations(), first);
        Path second = folder.resolve("s2.jsonl");
        String changed =
                Files.readString(generations())
                        .replace("no idea", "\\\\boxed{1/2}")
                        .replace("\\boxed{9}", "\\boxed{7}")
                        .replace("(C)", "(D)");
        run(write("g2.jsonl", changed), second);
        ScoreDifference difference = ScoreDifference.between(first, second);
        assertEquals(5, difference.common());
        assertEquals(List.of("a/1", "b/1"), difference.gained());
        assertEquals(List.of("c/0"), difference.lost());
        assertEquals(1, difference.p());
    }

    @Test
    void killedRunsEndWithTheSameBytes() throws IOException, InterruptedException {
        StringBuilder many = new StringBuilder();
        Random random = new Random(3);
        for (int i = 0; i < MANY; i++) {
            String thought = "wait, let me see ".repeat(random.nextInt(100));
            String answer = random.nextBoolean() ? "\\\\frac{1}{2}" : "x^" + i;
            many.append(
                    "{\"id\":\"%s\",\"sample\":%d,\"text\":\"%s\\\\boxed{%s}\",\"finish\":\"eos\"}\n"
                            .formatted(i % 2 == 0 ? "a" : "b", i, thought, answer));
        }
        Path generations = write("many.jsonl", many.toString());
        Path whole = folder.resolve("whole.jsonl");
        run(generations, whole);
        Path killed = folder.resolve("killed.jsonl");
        for (int i = 0; i < KILLS; i++) {
            Process process = start(generations, killed);
            boolean ended = process.waitFor(300 + random.nextInt(900), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            if (ended) {
                Files.write(killed, Arrays.copyOf(Files.readAllBytes(whole), 4321 * (i + 1)));
            }
        }
        run(generations, killed);
        assertArrayEquals(Files.readAllBytes(whole), Files.readAllBytes(killed));
        assertEquals(
                Files.readString(folder.resolve("whole.jsonl.summary.json")),
                Files.readString(folder.resolve("killed.jsonl.summary.json")));
    }

    private Process start(Path generations, Path out) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Main.class.getName(),
                        problems().toString(),
                        generations.toString(),
                        out.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
