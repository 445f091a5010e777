package dev.longhand.engine.constraint;

import org.jspecify.annotations.Nullable;

/**
 * Whole numbers of a range, as decimal digits in an automaton. Numbers have at most {@link
 * JsonRules#DIGITS_MAX} digits.
 *
 * @param least least number
 * @param greatest greatest number, at least as large
 */
record IntegerRange(long least, long greatest) {
    /** The greatest number that is written. */
    static final long MOST = 999_999_999_999_999_999L;

    /** Returns the range within the numbers that are written, or null if it is empty. */
    static @Nullable IntegerRange of(long least, long greatest) {
        long from = Math.max(least, -MOST);
        long to = Math.min(greatest, MOST);
        return from <= to ? new IntegerRange(from, to) : null;
    }

    /** Adds the numbers of this range to an automaton. */
    void add(Automaton.Builder builder, int from, int to) {
        if (greatest >= 0) {
            addMagnitudes(builder, from, to, Math.max(0, least), greatest);
        }
        if (least < 0) {
            int minus = builder.node();
            builder.bytes(from, '-', '-', minus);
            addMagnitudes(builder, minus, to, Math.max(1, -greatest), -least);
        }
    }

    private static void addMagnitudes(
            Automaton.Builder builder, int from, int to, long least, long greatest) {
        long first = least;
        long lengthEnd = 9; // the greatest number with as many digits
        while (first <= greatest) {
            if (first <= lengthEnd) {
                long last = Math.min(greatest, lengthEnd);
                addDigits(builder, from, to, Long.toString(first), Long.toString(last), 0);
                first = last + 1;
            }
            lengthEnd = lengthEnd * 10 + 9;
        }
    }

    /** Adds the digits of the numbers from {@code first} to {@code last}, from a digit on. */
    private static void addDigits(
            Automaton.Builder builder, int from, int to, String first, String last, int at) {
        char low = first.charAt(at);
        char high = last.charAt(at);
        int rest = first.length() - at - 1;
        if (rest == 0) {
            builder.bytes(from, low, high, to);
            return;
        }
        String zeros = "0".repeat(rest);
        String nines = "9".repeat(rest);
        if (low == high) {
            int next = builder.node();
            builder.bytes(from, low, low, next);
            addDigits(builder, next, to, first, last, at + 1);
            return;
        }
        String head = first.substring(0, at + 1);
        if (!first.endsWith(zeros)) {
            int next = builder.node();
            builder.bytes(from, low, low, next);
            addDigits(builder, next, to, first, head + nines, at + 1);
            low++;
        }
        boolean cut = !last.endsWith(nines);
        char whole = cut ? (char) (high - 1) : high;
        if (low <= whole) {
            int next = builder.node();
            builder.bytes(from, low, whole, next);
            addDigits(builder, next, to, head + zeros, head + nines, at + 1);
        }
        if (cut) {
            int next = builder.node();
            builder.bytes(from, high, high, next);
            addDigits(builder, next, to, head + zeros, last, at + 1);
        }
    }
}
