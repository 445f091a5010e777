package dev.longhand.study.expression;

/**
 * How ambiguous LaTeX is read.
 *
 * @param compatible whether as SymPy's parser reads it: every letter and every unknown command is a
 *     variable, a letter before parentheses is a function, and text after the longest expression is
 *     ignored
 * @param mixedNumbers whether 1\frac{1}{2} is 1.5 instead of a product
 */
record Dialect(boolean compatible, boolean mixedNumbers) {
    static final Dialect COMPATIBLE = new Dialect(true, false);
    static final Dialect PRODUCTS = new Dialect(false, false);
    static final Dialect MIXED_NUMBERS = new Dialect(false, true);
}
