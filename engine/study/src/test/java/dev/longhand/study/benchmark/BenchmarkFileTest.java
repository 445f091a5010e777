package dev.longhand.study.benchmark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** One line of each benchmark, in its publisher's fields. */
class BenchmarkFileTest {
    @TempDir private Path folder;

    private static BenchmarkProblem problem(BenchmarkFile file, String json) {
        MgsmLanguage language = file == BenchmarkFile.MGSM ? MgsmLanguage.DE : null;
        JsonLine line = JsonLine.parse("f:1", json.getBytes(StandardCharsets.UTF_8));
        return file.problem(line, 3, language);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "MATH500|{\"problem\":\"q\",\"answer\":\"\\\\frac12\",\"unique_id\":\"t/1.json\"}"
                        + "|math500-t/1.json|\\frac12|MATH",
                "AIME24|{\"id\":60,\"problem\":\"q\",\"answer\":\"204\"}|aime24-60|204|MATH",
                "AMC23|{\"id\":0,\"question\":\"q\",\"answer\":27.0}|amc23-0|27|MATH",
                "AMC23|{\"question\":\"q\",\"answer\":0.5}|amc23-003|0.5|MATH",
                "OLYMPIADBENCH|{\"id\":1606,\"question\":\"q\",\"final_answer\":[\"2\"]}"
                        + "|olympiadbench-1606|2|MATH",
                "MMLU|{\"question\":\"q\",\"choices\":[\"a\",\"b\",\"c\",\"d\"],\"answer\":2}"
                        + "|mmlu-003|C|CHOICE",
                "ARC|{\"id\":\"M1\",\"question\":\"q\",\"choices\":{\"text\":[\"a\",\"b\"],"
                        + "\"label\":[\"1\",\"2\"]},\"answerKey\":\"2\"}|arc-M1|B|CHOICE",
                "MGSM|{\"question\":\"q\",\"answer\":null,\"answer_number\":18}|mgsm-de-003|18|MATH"
            })
    void answers(BenchmarkFile file, String json, String id, String answer, String type) {
        BenchmarkProblem problem = problem(file, json);
        assertEquals(id, problem.idText());
        assertEquals(List.of(answer), problem.answers());
        assertEquals(type, problem.answerType().name());
        assertTrue(problem.problem().question().replace("Frage: ", "").startsWith("q"));
    }

    @Test
    void optionsStandInTheQuestion() {
        String json = "{\"question\":\"q \",\"choices\":[\"x\",\"y\"],\"answer\":0}";
        assertEquals("q\nA. x\nB. y", problem(BenchmarkFile.MMLU, json).problem().question());
        String wrong = json.replace(":0}", ":2}");
        assertThrows(InputException.class, () -> problem(BenchmarkFile.MMLU, wrong));
    }

    @Test
    void testsAndInstructionsStayInTheMetaObject() {
        BenchmarkProblem code =
                problem(
                        BenchmarkFile.LIVECODEBENCH,
                        "{\"question_content\":\"q\",\"question_id\":\"1873_A\","
                                + "\"public_test_cases\":\"[]\",\"difficulty\":\"easy\"}");
        assertEquals("livecodebench-1873_A", code.idText());
        assertEquals("easy", code.meta().path("difficulty").asString());
        assertEquals("[]", code.meta().path("public_test_cases").asString());
        BenchmarkProblem instructions =
                problem(
                        BenchmarkFile.IFEVAL,
                        "{\"key\":1000,\"prompt\":\"q\",\"instruction_id_list\":[\"a:b\"]}");
        assertEquals("ifeval-1000", instructions.idText());
        assertEquals("a:b", instructions.meta().path("instruction_id_list").path(0).asString());
    }

    /** The prompts of lm-eval's mgsm_direct_de, of a question and of an example. */
    @Test
    void questionsOfMgsmAreItsPrompts() {
        String question = "{\"question\":\"Wie viele?\",\"answer\":null,\"answer_number\":18}";
        String example = question.replace("null", "\"Antwort: 18.\"");
        assertEquals(
                "Frage: Wie viele?\nAntwort:",
                problem(BenchmarkFile.MGSM, question).problem().question());
        assertEquals(
                "Wie viele?\nAntwort:", problem(BenchmarkFile.MGSM, example).problem().question());
        Path out = folder.resolve("out.jsonl");
        assertThrows(InputException.class, () -> BenchmarkFile.MGSM.convert(out, out, null));
        assertThrows(
                InputException.class, () -> BenchmarkFile.MMLU.convert(out, out, MgsmLanguage.DE));
    }

    @Test
    void filesAreConvertedWholeOrNotAtAll() throws IOException {
        Path input = folder.resolve("in.jsonl");
        Path out = folder.resolve("out.jsonl");
        Files.writeString(input, "{\"problem\":\"q\",\"answer\":\"1\"}\n{\"problem\":\"r\"}\n");
        String message =
                assertThrows(
                                InputException.class,
                                () -> BenchmarkFile.AIME24.convert(input, out, null))
                        .getMessage();
        assertEquals(input + ":2: answer is missing", message);
        assertFalse(Files.exists(out));
        Files.writeString(input, "{\"problem\":\"q\",\"answer\":\"1\"}\n");
        assertEquals(1, BenchmarkFile.AIME24.convert(input, out, null));
        assertEquals(
                List.of("1"), JsonLines.readAll(out, BenchmarkProblem::of).getFirst().answers());
    }
}
