package dev.longhand.study.table;

import org.jspecify.annotations.Nullable;

/**
 * A cell of a table.
 *
 * @param run the run that it is about
 * @param benchmark the benchmark; empty for an average
 * @param metric what it measures
 * @param published the study's value; null if it is not public
 * @param own the value of one's own run; null without one
 * @param interval the interval of one's own value; null if it has none
 */
public record Cell(
        String run,
        String benchmark,
        Metric metric,
        @Nullable Double published,
        @Nullable Double own,
        @Nullable Interval interval) {
    /** The difference of the own value from the published one; null if one is missing. */
    public @Nullable Double difference() {
        return own == null || published == null ? null : (Double) (own - published);
    }

    /** Says on which side of the interval's ends the published value is; empty without both. */
    public String verdict() {
        return interval == null || published == null
                ? ""
                : interval.holds(published) ? "inside" : "outside";
    }

    Cell withOwn(@Nullable Double value, @Nullable Interval around) {
        return new Cell(run, benchmark, metric, published, value, around);
    }
}
