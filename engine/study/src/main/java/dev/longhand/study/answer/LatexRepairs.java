package dev.longhand.study.answer;

import dev.longhand.study.text.PythonPatterns;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/** Spellings of LaTeX that mean the same, brought into one form. */
final class LatexRepairs {
    private static final String FRAC = "\\frac";
    private static final Pattern SQRT = PythonPatterns.of("\\\\sqrt(\\w+)");
    private static final Pattern ROOT_OF_ONE = Pattern.compile("\\\\sqrt([^{])");
    private static final Pattern INTEGER = PythonPatterns.of("\\s*-?\\d+\\s*");
    private static final Pattern CANONICAL = Pattern.compile("0|-?[1-9][0-9]*");

    /** Longer integers stay as they are. */
    private static final int DIGITS_MAX = 1000;

    private LatexRepairs() {}

    /** Braces the root's argument: {@code \sqrt3} becomes {@code \sqrt{3}}. */
    static String roots(String text) {
        return text.contains("\\sqrt") ? SQRT.matcher(text).replaceAll("\\\\sqrt{$1}") : text;
    }

    /** Braces one character after a root sign: {@code \sqrt12} becomes {@code \sqrt{1}2}. */
    static String rootsOfOne(String text) {
        return ROOT_OF_ONE.matcher(text).replaceAll("\\\\sqrt{$1}");
    }

    /** Braces the arguments of fractions: {@code \frac12} becomes {@code \frac{1}{2}}. */
    static String fractions(String text) {
        String[] parts = text.split(Pattern.quote(FRAC), -1);
        StringBuilder repaired = new StringBuilder(parts[0]);
        for (int i = 1; i < parts.length; i++) {
            String part = parts[i];
            repaired.append(FRAC);
            if (part.startsWith("{")) {
                repaired.append(part);
                continue;
            }
            if (part.length() < 2) {
                return text;
            }
            char numerator = part.charAt(0);
            char denominator = part.charAt(1);
            repaired.append('{').append(numerator).append('}');
            if (denominator == '{') {
                repaired.append(part, 1, part.length());
            } else {
                repaired.append('{').append(denominator).append('}');
                repaired.append(part, 2, part.length());
            }
        }
        return repaired.toString();
    }

    /** Makes a fraction of {@code a/b} with integers or roots. */
    static String quotient(String text) {
        int slash = text.indexOf('/');
        if (slash < 0 || text.indexOf('/', slash + 1) >= 0) {
            return text;
        }
        String above = text.substring(0, slash);
        String below = text.substring(slash + 1);
        boolean fraction = isTerm(above) && isTerm(below);
        return fraction ? "%s{%s}{%s}".formatted(FRAC, above, below) : text;
    }

    /** Makes a fraction of {@code a/b} with integers. */
    static String integerQuotient(String text) {
        return text.contains("sqrt") ? text : quotient(text);
    }

    private static boolean isTerm(String text) {
        return text.contains("sqrt") || CANONICAL.matcher(text).matches();
    }

    /** Sorts a list that consists of integers; other texts stay. */
    static String sortedIntegers(String text) {
        List<BigInteger> integers = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            if (part.length() > DIGITS_MAX || !INTEGER.matcher(part).matches()) {
                return text;
            }
            integers.add(Integers.parse(part.strip()));
        }
        Collections.sort(integers);
        return String.join(",", integers.stream().map(BigInteger::toString).toList());
    }
}
