package dev.longhand.bench.cli;

import dev.longhand.engine.error.InputException;

/** Checks of options that count something. */
public final class Counts {
    private Counts() {}

    /**
     * Checks a count.
     *
     * @param option the option, for the error
     * @throws InputException if it is less than 1
     */
    public static void requirePositive(String option, int count) {
        if (count < 1) {
            throw new InputException("%s must be at least 1, not %d".formatted(option, count));
        }
    }
}
