package dev.longhand.study.perturb;

import java.util.Locale;

/** How keywords are removed. */
public enum KeywordMode {
    /** A model rewrites a share of the samples. */
    MODEL,
    /** A share of the samples loses its reflection steps. */
    BLOCK,
    /** A share of the mentions is deleted. */
    WORD;

    /** The name in files. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
