package dev.longhand.study.table;

import dev.longhand.study.format.Summary;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/** What a cell of a table measures. */
public enum Metric {
    /** The share of right answers, in percent. */
    ACCURACY(1),
    /** The unweighted mean of the accuracies in the row, in percent. */
    AVERAGE(1),
    /** The mean number of tokens of a response. */
    TOKENS(0),
    /** The mean number of keywords of a response. */
    KEYWORDS(2);

    private final int decimals;

    Metric(int decimals) {
        this.decimals = decimals;
    }

    /** The name in files. */
    String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Metric of(String name) {
        return valueOf(name.toUpperCase(Locale.ROOT));
    }

    /** The figure of a summary; null if it has none. */
    @Nullable Double of(Summary summary) {
        return switch (this) {
            case ACCURACY -> summary.samples() == 0 ? null : (Double) summary.accuracy();
            case AVERAGE -> null;
            case TOKENS -> summary.tokensMean();
            case KEYWORDS -> summary.keywordsMean();
        };
    }

    /** Formats a value as the study prints it. */
    String format(double value) {
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** Formats a difference, with its sign. */
    String formatDifference(double value) {
        return String.format(Locale.ROOT, "%+." + decimals + "f", value);
    }
}
