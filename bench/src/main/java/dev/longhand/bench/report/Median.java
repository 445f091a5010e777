package dev.longhand.bench.report;

import java.util.List;

/** The median of measurements. */
public final class Median {
    private Median() {}

    /** Returns the middle of at least one value; of an even number, the upper one of two. */
    public static double of(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }
}
