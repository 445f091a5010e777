package dev.longhand.study.curate;

import java.util.Locale;

/** The stages that a generation passes, in their order. */
public enum Stage {
    /** It is in the file of generations. */
    GENERATED,
    /** It ended by itself, not at a limit and not by an error. */
    FINISHED,
    /** Its answer is right, or wrong where wrong answers are wanted. */
    CORRECT,
    /** It has a thought and a solution. */
    LAID_OUT,
    /** No kept generation has the same question and text. */
    UNIQUE,
    /** Its question shares no n-gram with a benchmark. */
    DECONTAMINATED,
    /** Its number of tokens is within the limits. */
    LENGTH,
    /** It is in the wanted language. */
    LANGUAGE,
    /** Its problem has not given enough samples yet. */
    KEPT;

    /** The name in files. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
