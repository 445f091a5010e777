package dev.longhand.study.format;

import java.util.Locale;

/** How the answer to a problem is scored. */
public enum AnswerType {
    /** As a mathematical value. */
    MATH,
    /** As the letter of an option. */
    CHOICE,
    /** As a program, by its tests. */
    CODE,
    /** Not at all. */
    NONE;

    /** The name in files. */
    public String jsonName() {
        return name().toLowerCase(Locale.ROOT);
    }
}
