package dev.longhand.study.expression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.longhand.study.expression.SymbolicEquality.Result;

import org.junit.jupiter.api.Test;

import java.util.Objects;

/** The second opinion; Symja (org.matheclipse:matheclipse-core) is tested where it is there. */
class ComputerAlgebraTest {
    private static String text(String latex) {
        Relation relation = LatexParser.parse(latex, Dialect.PRODUCTS);
        return new AlgebraText().of(Objects.requireNonNull(relation).sides().getFirst());
    }

    @Test
    void expressionsAreWrittenExactly() {
        assertEquals("(((1))+((5/10^1)))", text("1+0.5"));
        assertEquals(
                "(Sin[v0])/(Sqrt[v1])",
                text("\\frac{\\sin x}{\\sqrt{y}}").replaceAll("^\\(|\\)$", ""));
        assertEquals("((Pi)^((10)))", text("\\pi^{10}"));
    }

    /** Values in double precision cannot tell these apart, or not from one another. */
    @Test
    void symjaDecidesWhereValuesCannot() {
        assumeTrue(ComputerAlgebra.isPresent(), "Symja is not on the class path");
        String one = "(10^{20}+1)-10^{20}";
        assertEquals(Result.EQUAL_BY_ALGEBRA, SymbolicEquality.compare(one, "1"));
        assertEquals(Result.DIFFERENT, SymbolicEquality.compare(one, "2"));
        assertEquals(Result.DIFFERENT, SymbolicEquality.compare("x+1", "x+2"));
        assertEquals(Result.DIFFERENT, SymbolicEquality.compatible(one, "1"));
    }
}
