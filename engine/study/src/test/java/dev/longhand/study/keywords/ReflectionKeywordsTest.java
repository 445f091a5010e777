package dev.longhand.study.keywords;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Counts that agree with the study's tooling. */
class ReflectionKeywordsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 | Wait, let me double-check. Alternatively, maybe not.",
                "2 | But wait. Hold on! Waiting rooms await.",
                "2 | Let me just double-check this; double-check again.",
                "4 | HMM... hmm, Perhaps perhaps",
                "1 | An alternative approach; another approach",
                "0 | ''",
                "4 | wait-wait wait,wait",
            })
    void wholePhrasesOfAnyCase(int expected, String text) {
        assertEquals(expected, ReflectionKeywords.count(text));
    }
}
