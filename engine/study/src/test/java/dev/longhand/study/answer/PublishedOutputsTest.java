package dev.longhand.study.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.format.JsonLines;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The study's published outputs with the verdicts of its own harness; skipped without the files.
 */
class PublishedOutputsTest {
    private static final Path FOLDER =
            Path.of(System.getProperty("longhand.module.directory", "."))
                    .resolve("../../../shared/data/study");

    private static String form(String answer) {
        return NormalForm.of(answer, AnswerMode.COMPATIBLE);
    }

    @ParameterizedTest
    @CsvSource({
        "Qwen2.5-14B-Instruct.aime24, 6, 30, 20.0",
        "Qwen2.5-14B-Instruct.amc23, 26, 40, 65.0",
        "Qwen2.5-14B-Instruct.math500, 402, 500, 80.4",
        "Qwen2.5-Math-7B.amc23, 18, 40, 45.0",
        "gemma-2-27b-it.aime24, 2, 30, 6.7",
        "gemma-2-27b-it.amc23, 7, 40, 17.5",
        "correct-14B.amc23, 22, 40, 55.0",
        "correct-27B.math500, 300, 500, 60.0",
        "wrong-27B.amc23, 16, 40, 40.0",
        "correct-32B-ckpt-133.aime24, 12, 30, 40.0",
        "correct-32B-ckpt-140.aime24, 9, 30, 30.0",
        "correct-32B-ckpt-21.aime24, 11, 30, 36.7",
        "correct-32B-ckpt-63.aime24, 8, 30, 26.7",
        "correct-32B-short.aime24, 4, 30, 13.3",
        "correct-32B-short.amc23, 22, 40, 55.0",
        "correct-32B-short.math500, 352, 500, 70.4",
        "corrupt-0.2-32B.aime24, 9, 30, 30.0",
        "corrupt-0.2-32B.amc23, 33, 40, 82.5",
        "reflection-1.0-32B.aime24, 10, 30, 33.3",
        "reflection-1.0-32B.amc23, 31, 40, 77.5",
        "Llama-3.1-8B.amc23, 0, 40, 0.0"
    })
    void verdictsAndAccuracies(String run, int correct, int count, double accuracy) {
        Path file = FOLDER.resolve("outputs/" + run + ".jsonl.gz");
        assumeTrue(Files.exists(file), "published outputs are not there");
        List<JsonLine> lines = JsonLines.readAll(file, line -> line);
        int right = 0;
        for (JsonLine line : lines) {
            String text =
                    Extraction.of(line.requiredString("response"), AnswerMode.COMPATIBLE).text();
            String prediction = text == null ? "" : form(text);
            String reference = form(line.requiredString("reference"));
            assertEquals(line.string("upstream_extracted", ""), prediction, line.source());
            assertEquals(line.requiredString("upstream_reference"), reference, line.source());
            Verdict verdict =
                    AnswerEquality.compare(prediction, reference, false, AnswerMode.COMPATIBLE);
            assertEquals(line.bool("upstream_correct", false), verdict.correct(), line.source());
            right += verdict.correct() ? 1 : 0;
        }
        assertEquals(count, lines.size());
        assertEquals(correct, right);
        assertEquals(accuracy, Math.round(1000.0 * right / lines.size()) / 10.0);
    }

    @Test
    void pairsInBothModes() {
        Path file = FOLDER.resolve("equality.jsonl");
        assumeTrue(Files.exists(file), "pairs with opinions are not there");
        List<JsonLine> lines = JsonLines.readAll(file, line -> line);
        assertEquals(50, lines.size());
        for (JsonLine line : lines) {
            Verdict compatible =
                    AnswerEquality.compare(
                            line.requiredString("upstream_extracted"),
                            line.requiredString("upstream_reference"),
                            false,
                            AnswerMode.COMPATIBLE);
            assertEquals(line.bool("upstream_correct", false), compatible.correct(), line.source());
            String prediction = line.string("raw_prediction");
            if (prediction == null) {
                prediction = Extraction.of(line.requiredString("tail"), AnswerMode.DEFAULT).text();
            }
            Verdict mended =
                    AnswerEquality.compareAnswers(
                            prediction == null ? "" : prediction,
                            line.requiredString("reference"),
                            AnswerMode.DEFAULT);
            assertEquals(line.bool("suggested_correct", false), mended.correct(), line.source());
        }
    }
}
