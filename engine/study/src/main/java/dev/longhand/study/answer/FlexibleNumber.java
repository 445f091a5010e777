package dev.longhand.study.answer;

import org.jspecify.annotations.Nullable;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The answers of MGSM: the filter {@code flexible-extract} of lm-eval 0.4.13 and its comparison.
 */
public final class FlexibleNumber {
    private static final Pattern NUMBER = Pattern.compile("-?[$0-9.,]{2,}|-?[0-9]+");
    private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");

    private FlexibleNumber() {}

    /** The last number of a text, with its punctuation; null if there is none. */
    public static @Nullable String last(String text) {
        String last = null;
        for (Matcher numbers = NUMBER.matcher(text); numbers.find(); ) {
            last = numbers.group();
        }
        return last;
    }

    /**
     * What is compared: the text without case and ASCII punctuation, so that 1,000 is 1000, and
     * also 3.5 is 35 and -2 is 2.
     */
    public static String compared(String number) {
        return PUNCTUATION.matcher(number).replaceAll("").toLowerCase(Locale.ROOT);
    }
}
