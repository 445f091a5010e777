package dev.longhand.study.answer;

/**
 * The result of a comparison.
 *
 * @param correct whether the answers are equal
 * @param rule the rule that decided
 * @param limited whether a limit ended the comparison
 */
public record Verdict(boolean correct, Rule rule, boolean limited) {
    /** The rules of equality, in the order in which they are tried. */
    public enum Rule {
        /** There is no answer or no reference. */
        MISSING,
        /** Equal texts. */
        TEXT,
        /** The letter of an option. */
        CHOICE,
        /** Two numbers. */
        NUMBER,
        /** Equal texts without brackets. */
        BRACKETS,
        /** Lists or tuples, by element. */
        ELEMENTS,
        /** Matrices, by element. */
        MATRIX,
        /** Two equations. */
        EQUATION,
        /** The value of a name. */
        ASSIGNMENT,
        /** Values of expressions. */
        SYMBOLIC,
        /** Symja finds an equality that the values do not show. */
        ALGEBRA,
        /** A program that passed or failed its tests. */
        TESTS,
        /** No rule found them equal. */
        DIFFERENT
    }

    static Verdict yes(Rule rule) {
        return new Verdict(true, rule, false);
    }

    static Verdict no(Rule rule) {
        return new Verdict(false, rule, false);
    }

    static Verdict of(boolean correct, Rule rule) {
        return new Verdict(correct, rule, false);
    }
}
