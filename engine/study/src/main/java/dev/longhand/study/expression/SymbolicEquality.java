package dev.longhand.study.expression;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * Compares two expressions in LaTeX by their values: constants by one value, expressions with
 * variables at eight fixed complex points, of which at least four must be defined. Time and memory
 * are bounded by limits on length and depth, so that a verdict never depends on the machine. Where
 * Symja is on the class path, it is asked about whole texts that are not equal by this.
 */
public final class SymbolicEquality {
    private static final int POINTS = 8;
    private static final int POINTS_DEFINED_MIN = 4;

    /** The tolerance of the published numbers for constants. */
    private static final double ROUNDED = 1e-4;

    private static final double EXACT = 1e-9;

    /** The rounding error of values that are exactly zero. */
    private static final double ZERO = 1e-12;

    /** Rounding down is constant between the usual points. */
    private static final double STEPS_FACTOR = 20;

    /** The result of a comparison. */
    public enum Result {
        /** The values are equal. */
        EQUAL,
        /** The values differ or are undefined, but a computer-algebra library finds equality. */
        EQUAL_BY_ALGEBRA,
        /** The values differ, or one of the texts is no expression. */
        DIFFERENT,
        /** A limit ended the comparison. */
        LIMIT
    }

    private SymbolicEquality() {}

    /**
     * Compares two texts as the published numbers do: by the longest expressions at their
     * beginnings.
     */
    public static Result compatible(String first, String second) {
        return compare(first, second, Dialect.COMPATIBLE, Dialect.COMPATIBLE);
    }

    /** Compares two whole texts; a mixed number may also be read as a product. */
    public static Result compare(String first, String second) {
        Result result = Result.DIFFERENT;
        for (Dialect left : List.of(Dialect.MIXED_NUMBERS, Dialect.PRODUCTS)) {
            for (Dialect right : List.of(Dialect.MIXED_NUMBERS, Dialect.PRODUCTS)) {
                if (result == Result.DIFFERENT) {
                    result = compare(first, second, left, right);
                }
            }
            if (!first.contains("\\frac") && !second.contains("\\frac")) {
                break;
            }
        }
        return result;
    }

    private static Result compare(String first, String second, Dialect left, Dialect right) {
        try {
            Relation a = LatexParser.parse(first, left);
            Relation b = LatexParser.parse(second, right);
            if (a == null || b == null) {
                return Result.DIFFERENT;
            }
            if (equal(a, b, left.compatible())) {
                return Result.EQUAL;
            }
            boolean algebra =
                    !left.compatible()
                            && variables(a).equals(variables(b))
                            && ComputerAlgebra.equal(a, b);
            return algebra ? Result.EQUAL_BY_ALGEBRA : Result.DIFFERENT;
        } catch (ExpressionLimitException e) {
            return Result.LIMIT;
        }
    }

    private static boolean equal(Relation a, Relation b, boolean compatible) {
        if (a.signs().size() != b.signs().size()) {
            return false;
        }
        if (compatible && a.signs().size() == 1) { // SymPy's sides are compared, whatever the signs
            return equal(magnitude(a), magnitude(b), true);
        }
        Relation first = compatible ? a : a.ascending();
        Relation second = compatible ? b : b.ascending();
        if (!first.signs().equals(second.signs())) {
            return false;
        }
        boolean same = true;
        for (int i = 0; same && i < first.sides().size(); i++) {
            same = equal(first.sides().get(i), second.sides().get(i), compatible);
        }
        return same
                || (first.signs().size() == 1
                        && equal(first.difference(), second.difference(), compatible));
    }

    private static Expression magnitude(Relation relation) {
        return new Expression.Application(Function.ABS, relation.difference());
    }

    private static boolean equal(Expression a, Expression b, boolean compatible) {
        Set<String> variables = variables(a);
        if (compatible) {
            b.addVariables(variables); // a factor of zero removes variables there
        } else if (!variables.equals(variables(b))) {
            return false;
        }
        if (variables.isEmpty()) {
            boolean rounded = compatible || hasDecimal(a) || hasDecimal(b);
            Boolean equal = equalAt(a, b, new Point(0, 1), rounded ? ROUNDED : EXACT);
            return equal != null && equal;
        }
        double factor = hasSteps(a) || hasSteps(b) ? STEPS_FACTOR : 1;
        int defined = 0; // at points of both signs SymPy's answer about roots of squares is found
        for (int i = 0; i < POINTS; i++) {
            Boolean equal =
                    equalAt(a, b, new Point(i, compatible && i % 2 == 1 ? -factor : factor), EXACT);
            if (equal != null && !equal) {
                return false;
            }
            defined += equal == null ? 0 : 1;
        }
        return defined >= POINTS_DEFINED_MIN;
    }

    private static Set<String> variables(Expression expression) {
        Set<String> names = new TreeSet<>();
        expression.addVariables(names);
        return names;
    }

    private static Set<String> variables(Relation relation) {
        Set<String> names = new TreeSet<>();
        relation.sides().forEach(side -> side.addVariables(names));
        return names;
    }

    private static boolean hasDecimal(Expression expression) {
        return contains(expression, each -> each instanceof Expression.Constant c && c.decimal());
    }

    private static boolean hasSteps(Expression expression) {
        return contains(
                expression,
                each ->
                        each instanceof Expression.Application application
                                && (application.function() == Function.FLOOR
                                        || application.function() == Function.CEILING));
    }

    private static boolean contains(Expression expression, Predicate<Expression> kind) {
        Deque<Expression> waiting = new ArrayDeque<>(List.of(expression));
        while (!waiting.isEmpty()) {
            Expression each = waiting.pop();
            if (kind.test(each)) {
                return true;
            }
            each.parts().forEach(waiting::push);
        }
        return false;
    }

    /** Whether the values agree at a point; null if one of them is undefined. */
    private static @Nullable Boolean equalAt(
            Expression a, Expression b, Point point, double tolerance) {
        Complex left = a.value(point);
        Complex right = b.value(point);
        if (!left.isDefined() || !right.isDefined()) {
            return null;
        }
        double scale = Math.max(left.abs(), right.abs());
        return left.minus(right).abs() <= tolerance * scale + ZERO;
    }
}
