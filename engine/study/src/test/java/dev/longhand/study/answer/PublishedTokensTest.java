package dev.longhand.study.answer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.QwenTokenizerFiles;
import dev.longhand.engine.tokenizer.Tokenizer;
import dev.longhand.study.format.JsonLines;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The mean lengths of the study's short answers (Table 4); skipped without the files. */
class PublishedTokensTest {
    @ParameterizedTest
    @CsvSource({"math500, 515.2", "amc23, 604.6", "aime24, 687.3"})
    void meansOfShortAnswers(String benchmark, double expected) {
        Path folder = QwenTokenizerFiles.require();
        Path file = folder.resolve("../study/outputs/correct-32B-short." + benchmark + ".jsonl.gz");
        assumeTrue(Files.exists(file), "published outputs are not there");
        try (Tokenizer tokenizer = Tokenizer.open(folder).orElseThrow()) {
            List<JsonLine> lines = JsonLines.readAll(file, line -> line);
            double tokens = 0;
            for (JsonLine line : lines) {
                tokens += tokenizer.encode(line.requiredString("response").strip()).length;
            }
            assertEquals(expected, Math.round(10 * tokens / lines.size()) / 10.0);
        }
    }
}
