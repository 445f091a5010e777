package dev.longhand.engine.constraint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import dev.longhand.engine.error.AnswerFormatException;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.math.RoundingMode;

/**
 * Bounds of numbers in a schema. The bounds of numbers with fractions must be whole.
 *
 * @param least the least value; null is none
 * @param leastOpen whether {@code least} itself is excluded
 * @param greatest the greatest value; null is none
 * @param greatestOpen whether {@code greatest} itself is excluded
 */
record Numbers(
        @Nullable BigDecimal least,
        boolean leastOpen,
        @Nullable BigDecimal greatest,
        boolean greatestOpen) {
    /** Reads the bounds of a schema. */
    static Numbers read(JsonObject schema, String path) {
        BigDecimal least = number(schema, "minimum", path);
        BigDecimal above = number(schema, "exclusiveMinimum", path);
        BigDecimal greatest = number(schema, "maximum", path);
        BigDecimal below = number(schema, "exclusiveMaximum", path);
        boolean leastOpen = above != null && (least == null || above.compareTo(least) >= 0);
        boolean greatestOpen =
                below != null && (greatest == null || below.compareTo(greatest) <= 0);
        return new Numbers(
                leastOpen ? above : least,
                leastOpen,
                greatestOpen ? below : greatest,
                greatestOpen);
    }

    private static @Nullable BigDecimal number(JsonObject schema, String key, String path) {
        JsonElement value = schema.get(key);
        if (value == null) {
            return null;
        }
        boolean number = value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber();
        BigDecimal parsed = number ? new BigDecimal(value.getAsString()) : null;
        if (parsed == null || Math.abs((long) parsed.scale()) > 400) {
            throw new AnswerFormatException(
                    "%s: %s must be a number of an ordinary size".formatted(path, key));
        }
        return parsed;
    }

    private boolean free() {
        return least == null && greatest == null;
    }

    /** Adds whole numbers within the bounds; returns the end. */
    int addIntegers(Automaton.Builder builder, JsonRules rules, int from, String path) {
        int to = builder.node();
        if (free()) {
            builder.call(from, rules.integer(), to);
            return to;
        }
        IntegerRange range = IntegerRange.of(leastWhole(leastOpen), greatestWhole(greatestOpen));
        if (range == null) {
            throw empty(path);
        }
        range.add(builder, from, to);
        return to;
    }

    private static AnswerFormatException empty(String path) {
        return new AnswerFormatException(path + ": no number is within the bounds");
    }

    private long leastWhole(boolean open) {
        if (least == null) {
            return -IntegerRange.MOST;
        }
        BigDecimal whole = least.setScale(0, RoundingMode.CEILING);
        boolean same = whole.compareTo(least) == 0;
        return clamp(open && same ? whole.add(BigDecimal.ONE) : whole);
    }

    private long greatestWhole(boolean open) {
        if (greatest == null) {
            return IntegerRange.MOST;
        }
        BigDecimal whole = greatest.setScale(0, RoundingMode.FLOOR);
        boolean same = whole.compareTo(greatest) == 0;
        return clamp(open && same ? whole.subtract(BigDecimal.ONE) : whole);
    }

    /** A number beyond those that are written becomes one just beyond them. */
    private static long clamp(BigDecimal whole) {
        BigDecimal most = BigDecimal.valueOf(IntegerRange.MOST + 1);
        return whole.min(most).max(most.negate()).longValueExact();
    }

    /** Adds numbers within the bounds; returns the end. */
    int addNumbers(Automaton.Builder builder, JsonRules rules, int from, String path) {
        int to = builder.node();
        if (free()) {
            builder.call(from, rules.number(), to);
            return to;
        }
        requireWhole(least, path);
        requireWhole(greatest, path);
        long low = leastWhole(false);
        long high = greatestWhole(false);
        boolean written = low <= IntegerRange.MOST && high >= -IntegerRange.MOST;
        if (!written || low > high || (low == high && (leastOpen || greatestOpen))) {
            throw empty(path);
        }
        if (high >= 0) {
            boolean open = low >= 0 && leastOpen;
            addMagnitudes(builder, rules, from, to, Math.max(0, low), open, high, greatestOpen);
        }
        if (low < 0) {
            int minus = builder.node();
            builder.bytes(from, '-', '-', minus);
            boolean open = high <= 0 && greatestOpen;
            addMagnitudes(builder, rules, minus, to, Math.max(0, -high), open, -low, leastOpen);
        }
        return to;
    }

    private static void requireWhole(@Nullable BigDecimal bound, String path) {
        if (bound != null && bound.setScale(0, RoundingMode.FLOOR).compareTo(bound) != 0) {
            throw new AnswerFormatException(
                    "%s: the bounds of numbers must be whole, not %s"
                            .formatted(path, bound.toPlainString()));
        }
    }

    /** Adds the numbers of a range of magnitudes: whole parts, each with an optional fraction. */
    private static void addMagnitudes(
            Automaton.Builder builder,
            JsonRules rules,
            int from,
            int to,
            long low,
            boolean lowOpen,
            long high,
            boolean highOpen) {
        int point = builder.node();
        IntegerRange whole = IntegerRange.of(lowOpen ? low + 1 : low, high - 1);
        if (whole != null) {
            int end = builder.node();
            whole.add(builder, from, end);
            builder.empty(end, to);
            builder.bytes(end, '.', '.', point);
            int first = builder.node();
            builder.bytes(point, '0', '9', first);
            rules.addDigits(first, to, JsonRules.DIGITS_MAX - 1);
        }
        if (lowOpen && low < high) {
            int end = builder.text(from, Long.toString(low));
            int fraction = builder.text(end, ".");
            int zeros = fraction;
            for (int i = 0; i < JsonRules.DIGITS_MAX; i++) {
                int nonzero = builder.node();
                builder.bytes(zeros, '1', '9', nonzero);
                rules.addDigits(nonzero, to, JsonRules.DIGITS_MAX - i - 1);
                if (i + 1 < JsonRules.DIGITS_MAX) {
                    int next = builder.node();
                    builder.bytes(zeros, '0', '0', next);
                    zeros = next;
                }
            }
        }
        if (!highOpen && high <= IntegerRange.MOST) {
            int end = builder.text(from, Long.toString(high));
            builder.empty(end, to);
            builder.empty(builder.text(end, ".0"), to);
        }
    }
}
