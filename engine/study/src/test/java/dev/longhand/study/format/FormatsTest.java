package dev.longhand.study.format;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.Generation;
import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.zip.GZIPOutputStream;

/** Records read and written again, with their unknown fields, and the errors that name a line. */
class FormatsTest {
    @TempDir private Path folder;

    private static JsonLine line(String json) {
        return JsonLine.parse("f:1", json.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void problem() {
        String json =
                """
                {"id":7,"benchmark":"amc23","question":"q","answers":["27","0.50"],\
                "answer_type":"choice","meta":{"a":[1]},"level":3}\
                """;
        BenchmarkProblem problem = BenchmarkProblem.of(line(json));
        assertEquals(json, problem.json());
        assertEquals(AnswerType.CHOICE, problem.answerType());
        BenchmarkProblem numbers =
                BenchmarkProblem.of(line("{\"id\":\"a\",\"question\":\"q\",\"answers\":[27,0.5]}"));
        assertEquals(List.of("27", "0.5"), numbers.answers());
        assertEquals(AnswerType.MATH, numbers.answerType());
    }

    @Test
    void generation() {
        String json =
                """
                {"id":"a","sample":2,"prompt_sha256":"p","text":"\u00fc\\n","finish":"eos",\
                "prompt_tokens":3,"output_tokens":4,"seed":9007199254740993,"model_sha":"m",\
                "adapter_sha":null,"ttft_ms":0.70,"level":[]}\
                """;
        Generation generation = Generation.of(line(json));
        assertEquals(json, generation.json());
        assertEquals(9007199254740993L, generation.seed());
        Generation least = Generation.of(line("{\"id\":\"a\",\"text\":\"\"}"));
        assertEquals(0, least.sample());
        assertNull(least.outputTokens());
    }

    @Test
    void score() {
        String json =
                """
                {"id":"a","sample":0,"extracted":"5","normalized":"5","reference":null,\
                "correct":null,"rule":"none","timeout":false,"x":1}\
                """;
        Score score = Score.of(line(json));
        assertEquals(json, score.json());
        assertNull(score.correct());
        assertEquals(
                true, Score.of(line(json.replace("correct\":null", "correct\":true"))).correct());
    }

    @Test
    void summary() {
        String json =
                """
                {"benchmark":"amc23","n_problems":2,"n_samples":4,"n_correct":1,"accuracy":25.0,\
                "wilson95":[4.56,69.94],"pass_at_k":{"1":0.25,"2":0.5},"mean_tokens":10.5,\
                "truncated":1,"empty":0,"config_hash":"h","x":{}}\
                """;
        assertEquals(json, Summary.of(line(json)).json().toString());
        assertThrows(InputException.class, () -> Summary.of(line("{}")));
    }

    @Test
    void samplesOfFineTuningInBothSpellings() {
        String json =
                """
                {"system":"s","conversations":[{"from":"user","value":"q"},{"from":"assistant",\
                "value":"a","loss":true}],"meta":{"source":"numina","id":12},"x":1}\
                """;
        SftSample sample = SftSample.of(line(json));
        assertEquals(json, sample.json());
        assertEquals("12", sample.id(3));
        assertEquals(1, sample.answerIndex());
        SftSample other =
                SftSample.of(
                        line(
                                """
                                {"conversations":[{"role":"human","content":"q"},\
                                {"from":"gpt","content":"a"}]}\
                                """));
        assertEquals(
                List.of("user", "assistant"),
                other.turns().stream().map(SftSample.Turn::from).toList());
        assertEquals("a", other.turns().getLast().value());
        assertEquals("3", other.id(3));
        assertNull(other.perturbation());
    }

    @Test
    void perturbedSamples() {
        Perturbation perturbation =
                new Perturbation(
                        "delete", 0.33, 0, 9, 3, 3, List.of("s2", "s3"), JsonLine.newObject());
        SftSample sample =
                SftSample.of(null, "q", "a", JsonLine.newObject().put("source", "x"))
                        .withPerturbation(perturbation);
        String json = sample.json();
        assertTrue(
                json.endsWith(
                        """
                        "meta":{"source":"x","perturb":{"op":"delete","ratio":0.33,"seed":0,\
                        "n_units":9,"n_touched":3,"n_changed":3,"source_ids":["s2","s3"]}}}\
                        """),
                json);
        assertEquals(perturbation, SftSample.of(line(json)).perturbation());
    }

    @Test
    void steps() {
        String spans = "{\"id\":\"a\",\"steps\":[[0,4],[6,6]],\"x\":1}";
        assertEquals(spans, Steps.of(line(spans)).json());
        String text = "{\"id\":\"a\",\"text\":\"x#####y\"}";
        assertEquals(text, Steps.of(line(text)).json());
        for (String wrong : List.of("[[0,4],[3,6]]", "[[4,0]]", "[[0]]", "[0,1]", "7")) {
            assertThrows(
                    InputException.class,
                    () -> Steps.of(line("{\"id\":\"a\",\"steps\":" + wrong + "}")));
        }
        assertThrows(InputException.class, () -> Steps.of(line("{\"id\":\"a\"}")));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"id\":\"a\"|is not JSON",
                "[]|must be a JSON object",
                "{\"id\":true,\"text\":\"\"}|id must be a string or a whole number",
                "{\"id\":\"a\",\"text\":\"\",\"x\":1e99999999999}|has a number whose exponent",
                "{\"id\":\"a\"}|text is missing",
                "{\"id\":\"a\",\"text\":1}|text must be a string",
                "{\"id\":\"a\",\"text\":\"\",\"sample\":-1}|sample must be from 0",
                "{\"id\":\"a\",\"text\":\"\",\"seed\":1.5}|seed must be a whole number",
                "{\"id\":\"a\",\"id\":\"b\",\"text\":\"\"}|is not JSON"
            })
    void badLinesAreNamed(String bad, String reason) throws IOException {
        Path file = folder.resolve("g.jsonl");
        Files.writeString(file, "{\"id\":\"a\",\"text\":\"\"}\n\n" + bad + "\n");
        String message =
                assertThrows(InputException.class, () -> JsonLines.readAll(file, Generation::of))
                        .getMessage();
        assertTrue(message.startsWith(file + ":3: " + reason), message);
    }

    @Test
    void gzipIsReadAndWritten() throws IOException {
        Path file = folder.resolve("g.jsonl.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            out.write("{\"a\":1}\r\n \n{\"a\":2}".getBytes(StandardCharsets.UTF_8));
        }
        Function<JsonLine, Long> number = line -> line.whole("a");
        assertEquals(List.of(1L, 2L), JsonLines.readAll(file, number));
        try (JsonLinesWriter writer = JsonLinesWriter.create(file)) {
            writer.write("{\"a\":3}");
        }
        assertEquals(List.of(1L, 2L), JsonLines.readAll(file, number), "without a commit");
        try (JsonLinesWriter writer = JsonLinesWriter.create(file)) {
            writer.write("{\"a\":3}");
            writer.commit();
        }
        assertEquals(List.of(3L), JsonLines.readAll(file, number));
        assertEquals(0x1f, Files.readAllBytes(file)[0]);
        assertFalse(Files.exists(folder.resolve("g.jsonl.gz.part")));
    }

    @Test
    void aTornGzipIsAnErrorOfTheFile() throws IOException {
        Path file = folder.resolve("g.jsonl.gz");
        try (JsonLinesWriter writer = JsonLinesWriter.create(file)) {
            for (int i = 0; i < 1000; i++) {
                writer.write("{\"a\":" + i * 7919 + "}");
            }
            writer.commit();
        }
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(whole, whole.length / 2));
        String message =
                assertThrows(InputException.class, () -> JsonLines.readAll(file, line -> line))
                        .getMessage();
        assertTrue(message.contains("g.jsonl.gz"), message);
    }
}
