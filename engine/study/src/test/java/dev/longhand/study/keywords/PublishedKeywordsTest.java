package dev.longhand.study.keywords;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.longhand.study.format.JsonLines;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The mean numbers of keywords in outputs that the study's authors published. */
class PublishedKeywordsTest {
    private static final Path OUTPUTS =
            Path.of(System.getProperty("longhand.module.directory", "."))
                    .resolve("../../../shared/data/study/outputs");

    @ParameterizedTest
    @CsvSource({
        "correct-32B-ckpt-133.aime24, 256.83",
        "correct-32B-ckpt-140.aime24, 348.67",
        "corrupt-0.2-32B.amc23, 71.72",
        "reflection-1.0-32B.amc23, 167.68",
        "correct-32B-short.aime24, 0"
    })
    void means(String run, double expected) {
        Path file = OUTPUTS.resolve(run + ".jsonl.gz");
        Assumptions.assumeTrue(Files.exists(file), "skipped: there are no published outputs");
        List<Long> counts =
                JsonLines.readAll(
                        file, line -> ReflectionKeywords.count(line.requiredString("response")));
        double mean = counts.stream().mapToLong(Long::longValue).average().orElse(0);
        assertEquals(expected, mean, 0.006);
    }
}
