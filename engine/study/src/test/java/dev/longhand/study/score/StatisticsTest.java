package dev.longhand.study.score;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values from the study's specification and from tables. */
class StatisticsTest {
    @ParameterizedTest
    @CsvSource({
        "8, 0, 1, 0",
        "8, 2, 1, 0.25",
        "8, 2, 4, 0.785714",
        "8, 8, 4, 1",
        "10, 3, 5, 0.916667",
        "5, 4, 2, 1",
        "64, 1, 32, 0.5"
    })
    void passAtK(int samples, int right, int k, double expected) {
        assertEquals(expected, Statistics.passAtK(samples, right, k), 5e-7);
    }

    @ParameterizedTest
    @CsvSource({"12, 30, 24.59, 57.68", "0, 10, 0, 27.75", "10, 10, 72.25, 100", "0, 0, 0, 100"})
    void wilson(int right, int trials, double low, double high) {
        assertEquals(low, Statistics.wilson(right, trials).get(0), 0.005);
        assertEquals(high, Statistics.wilson(right, trials).get(1), 0.005);
    }

    /** 2 (1 + 10 + 45) / 2^10 for 8 against 2; no change is no evidence. */
    @Test
    void mcnemar() {
        assertEquals(0.109375, Statistics.mcnemar(8, 2), 1e-12);
        assertEquals(0.109375, Statistics.mcnemar(2, 8), 1e-12);
        assertEquals(1, Statistics.mcnemar(0, 0), 0);
        assertEquals(1, Statistics.mcnemar(5, 5), 0);
    }
}
