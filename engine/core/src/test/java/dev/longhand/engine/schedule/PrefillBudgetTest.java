package dev.longhand.engine.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Simulated machines with known step times: the budget finds the number of prompt rows that decode
 * latency allows, and keeps to it.
 */
class PrefillBudgetTest {
    private static final int ROWS_MAX = 512;

    @Test
    void whereNobodyDecodesPromptsTakeAll() {
        assertEquals(ROWS_MAX, new PrefillBudget(ROWS_MAX).rows(1e6, 0, 1));
    }

    /** A step takes the decodes' time plus a fixed time per prompt row, with some noise. */
    @ParameterizedTest(name = "decodes {0} ms, a row {1} ms")
    @CsvSource({"50, 10", "50, 1", "10, 0.01", "30, 0.2", "5, 40"})
    void stepsStayBelowTwiceTheTimeOfDecodes(double decodeMillis, double rowMillis) {
        PrefillBudget budget = new PrefillBudget(ROWS_MAX);
        int slow = 0;
        int last = 0;
        int pauses = 0;
        for (int step = 0; step < 1000; step++) {
            budget.decoded(decodeMillis * 1e6);
            int rows = budget.rows(decodeMillis * 1e6, 1, 1);
            if (rows == 0) {
                pauses++;
                continue;
            }
            double millis = decodeMillis + rowMillis * rows * (1 + 0.1 * Math.sin(step));
            budget.measured((long) (millis * 1e6), decodeMillis * 1e6, rows);
            slow += millis > 2 * decodeMillis && rows > 2 ? 1 : 0;
            last = rows;
        }
        double fitting = Math.clamp(0.6 * decodeMillis / rowMillis, 2, ROWS_MAX);
        assertEquals(fitting, last, 0.2 * fitting + 1);
        assertTrue(slow <= 2, slow + " steps were slow");
        assertEquals(31, pauses, "one step of 32 shows what decodes take alone");
    }

    /**
     * Before any measurement there are few rows; afterwards as many as fit, at most doubling each
     * step.
     */
    @Test
    void theFirstStepsAreCareful() {
        PrefillBudget budget = new PrefillBudget(ROWS_MAX);
        assertEquals(4, budget.rows(0, 1, 1));
        budget.measured(1_000_000, 0, 4);
        budget.decoded(1e9);
        assertEquals(4, budget.rows(1e9, 1, 1));
        budget.measured(1_000_040_000, 1e9, 4);
        assertEquals(8, budget.rows(1e9, 1, 1));
    }

    /** Where one decode is usual, five that run for a while leave fewer prompt rows. */
    @Test
    void whatIsUsualCounts() {
        PrefillBudget budget = new PrefillBudget(ROWS_MAX);
        for (int step = 0; step < 1000; step++) {
            budget.decoded(1e9);
            budget.rows(1e9, 1, 1);
            budget.measured(1_400_000_000, 1e9, 4); // 0.1 s a row
        }
        assertEquals(6, budget.rows(1e9, 1, 1));
        budget.decoded(1.3e9);
        assertEquals(3, budget.rows(1.3e9, 1, 1));
        budget.decoded(2e9);
        assertEquals(2, budget.rows(2e9, 1, 1));
    }

    /** A single decode beside seven prompts waits for them, rather than they for it. */
    @Test
    void manyPromptsHaveTheirWay() {
        PrefillBudget budget = new PrefillBudget(ROWS_MAX);
        for (int step = 0; step < 10; step++) {
            budget.decoded(1e9);
            budget.rows(1e9, 1, 7);
            budget.measured(1_400_000_000, 1e9, 4); // 0.1 s a row
        }
        assertEquals(42, budget.rows(1e9, 1, 7), 1);
        assertEquals(6, budget.rows(1e9, 4, 4), 1);
    }
}
