package dev.longhand.engine.speculation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.generation.Speculation;

import org.junit.jupiter.api.Test;

import java.util.Random;

class DrafterTest {
    private static final int ROWS_MAX = 24;

    /**
     * Returns a model with measured steps of every size: {@code base} for one row, {@code row} for
     * each further one.
     */
    private static StepCostModel costs(double base, double row) {
        StepCostModel costs = new StepCostModel(ROWS_MAX);
        for (int rows = 1; rows <= ROWS_MAX; rows++) {
            for (int run = 0; run < 20; run++) {
                costs.begin(rows);
                costs.measured((long) (1000 * (base + row * (rows - 1))));
            }
        }
        costs.begin(1);
        return costs;
    }

    private static Drafter looping(Speculation mode) {
        Drafter drafter = new Drafter(mode, 1000);
        for (int i = 0; i < 200; i++) {
            drafter.observe(i % 7);
        }
        return drafter;
    }

    /**
     * Returns a drafter whose history repeats every pair of tokens, with random tokens after it.
     */
    private static Drafter deceiving(Speculation mode) {
        Drafter drafter = new Drafter(mode, 10_000);
        Random random = new Random(3);
        for (int i = 0; i < 3000; i++) {
            drafter.observe(random.nextInt(12));
        }
        return drafter;
    }

    @Test
    void cheapRowsAreUsedUpByALoop() {
        assertEquals(
                Drafter.DRAFT_MAX,
                looping(Speculation.AUTO).plan(costs(100, 1), Drafter.DRAFT_MAX));
        assertEquals(3, looping(Speculation.AUTO).plan(costs(100, 1), 3));
        assertEquals(0, looping(Speculation.AUTO).plan(costs(100, 1), 0));
    }

    @Test
    void rowsThatCostAStepAreNotWorthIt() {
        assertEquals(0, looping(Speculation.AUTO).plan(costs(100, 97), Drafter.DRAFT_MAX));
        assertEquals(
                Drafter.DRAFT_MAX, looping(Speculation.ON).plan(costs(100, 97), Drafter.DRAFT_MAX));
    }

    @Test
    void aStepInTheCostEndsTheDraft() {
        StepCostModel costs = new StepCostModel(ROWS_MAX);
        for (int rows = 1; rows <= ROWS_MAX; rows++) {
            for (int run = 0; run < 20; run++) {
                costs.begin(rows);
                costs.measured(rows <= 8 ? 100_000 + 5_000 * rows : 900_000);
            }
        }
        costs.begin(1);
        assertEquals(7, looping(Speculation.AUTO).plan(costs, Drafter.DRAFT_MAX));
    }

    @Test
    void repetitionsThatLeadNowhereAreFoundOutWithoutAStep() {
        assertEquals(0, deceiving(Speculation.AUTO).plan(costs(100, 20), Drafter.DRAFT_MAX));
        assertEquals(0, deceiving(Speculation.ON).plan(costs(100, 20), Drafter.DRAFT_MAX));
    }

    @Test
    void neighboursInTheStepRaiseThePrice() {
        StepCostModel costs = costs(100, 30);
        int alone = looping(Speculation.AUTO).plan(costs, Drafter.DRAFT_MAX);
        costs.begin(8);
        int among = looping(Speculation.AUTO).plan(costs, Drafter.DRAFT_MAX);
        assertTrue(among < alone, among + " among others, " + alone + " alone");
    }

    @Test
    void aSizeThatSeemedTooSlowIsTriedAgain() {
        StepCostModel costs = costs(100, 0);
        for (int rows = 2; rows <= ROWS_MAX; rows++) {
            for (int run = 0; run < 200; run++) { // another process uses the machine for a while
                costs.begin(rows);
                costs.measured(5_000_000);
            }
        }
        costs.begin(1);
        Drafter drafter = looping(Speculation.AUTO);
        assertEquals(0, drafter.plan(costs, Drafter.DRAFT_MAX));
        int steps = 0;
        int draft = 0;
        for (; draft == 0 && steps < 10_000; steps++) {
            costs.begin(1);
            draft = drafter.plan(costs, Drafter.DRAFT_MAX);
            costs.begin(1);
            costs.measured(100_000);
        }
        assertTrue(steps > 100 && steps < 3_000, "after " + steps + " steps");
    }
}
