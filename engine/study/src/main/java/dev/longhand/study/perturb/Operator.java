package dev.longhand.study.perturb;

import java.util.Locale;

/** A way to damage training data. */
public enum Operator {
    /** Replaces numbers. */
    DIGITS,
    /** Removes mentions of keywords, or what they begin. */
    KEYWORDS,
    /** Replaces samples by samples with wrong answers. */
    WRONG,
    /** Drops steps. */
    DELETE,
    /** Replaces steps by steps of other samples. */
    INSERT,
    /** Permutes steps. */
    SHUFFLE;

    /** The name in files, and in the seeds of random numbers. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether it works on the steps of a thought. */
    public boolean usesSteps() {
        return this == DELETE || this == INSERT || this == SHUFFLE;
    }
}
