package dev.longhand.study.answer;

import java.math.BigInteger;

/** Integers of any length, in the decimal digits of any script. */
final class Integers {
    private static final int DIGITS_MAX = 1000;

    private Integers() {}

    /** Whether two integers in decimal digits are equal. */
    static boolean equal(String a, String b) {
        if (a.length() > DIGITS_MAX || b.length() > DIGITS_MAX) {
            return a.equals(b);
        }
        return parse(a).equals(parse(b));
    }

    /** Returns the value of an optional sign and digits. */
    static BigInteger parse(String integer) {
        return new BigInteger(ascii(integer));
    }

    /** Returns a text with its digits in ASCII. */
    static String ascii(String text) {
        StringBuilder ascii = new StringBuilder(text.length());
        text.codePoints()
                .forEach(
                        c -> {
                            int digit = Character.digit(c, 10);
                            ascii.appendCodePoint(digit < 0 ? c : '0' + digit);
                        });
        return ascii.toString();
    }
}
