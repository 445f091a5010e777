package dev.longhand.study.expression;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expressions of which the equality is known. */
class SymbolicEqualityTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "x~x~EQUAL",
                "x~y~DIFFERENT",
                "\\sin^2 x+\\cos^2 x+0y~1~DIFFERENT",
                "\\sin^2 x+\\cos^2 x~\\frac{x}{x}~EQUAL",
                "\\tan{x}~\\frac{\\sin x}{\\cos x}~EQUAL",
                "\\sqrt[3]{27}~3~EQUAL",
                "\\sqrt{x^2}~x~EQUAL",
                "|3-5|~2~EQUAL",
                "\\lfloor 2.7\\rfloor~2~EQUAL",
                "\\frac12+\\frac13~\\frac56~EQUAL",
                "2^{-1}~0.5~EQUAL",
                "n!~n(n-1)!~EQUAL",
                "a_{1}+b~b+a_1~EQUAL",
                "x^2~x^{2}+1~DIFFERENT",
                "\\frac{1}{0}~\\frac{1}{0}~DIFFERENT",
                "1+~1~DIFFERENT",
                "\\arctan 1~\\frac{\\pi}{4}~EQUAL",
                "\\ln e^2~2~EQUAL"
            })
    void whole(String first, String second, SymbolicEquality.Result expected) {
        assertEquals(expected, SymbolicEquality.compare(first, second));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            value = {
                "1,2~1,3~EQUAL",
                "1\\frac{1}{2}~0.5~EQUAL",
                "\\pi~3.14159265358979~DIFFERENT",
                "f(x+1)~f(1+x)~EQUAL",
                "f(x)~g(x)~DIFFERENT",
                "36\\mathrm{mL}~36~DIFFERENT",
                "~1~DIFFERENT"
            })
    void longestPrefixes(String first, String second, SymbolicEquality.Result expected) {
        String text = first == null ? "" : first;
        assertEquals(expected, SymbolicEquality.compatible(text, second));
    }
}
