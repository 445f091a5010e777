package dev.longhand.study.expression;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Compares two expressions in LaTeX by their values: constants by one value, expressions with
 * variables at eight fixed complex points, of which at least four must be defined. Time and memory
 * are bounded by limits on length and depth, so that a verdict never depends on the machine.
 */
public final class SymbolicEquality {
    private static final int POINTS = 8;
    private static final int POINTS_DEFINED_MIN = 4;

    /** The tolerance of the published numbers for constants. */
    private static final double ROUNDED = 1e-4;

    private static final double EXACT = 1e-9;

    /** The rounding error of values that are exactly zero. */
    private static final double ZERO = 1e-12;

    /** The result of a comparison. */
    public enum Result {
        /** The values are equal. */
        EQUAL,
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
            boolean equal = a != null && b != null && equal(a, b, left.compatible());
            return equal ? Result.EQUAL : Result.DIFFERENT;
        } catch (ExpressionLimitException e) {
            return Result.LIMIT;
        }
    }

    private static boolean equal(Relation a, Relation b, boolean compatible) {
        if (!a.signs().equals(b.signs())) {
            return false;
        }
        for (int i = 0; i < a.sides().size(); i++) {
            if (!equal(a.sides().get(i), b.sides().get(i), compatible)) {
                return false;
            }
        }
        return true;
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
            Boolean equal = equalAt(a, b, new Point(0), rounded ? ROUNDED : EXACT);
            return equal != null && equal;
        }
        int defined = 0;
        for (int i = 0; i < POINTS; i++) {
            Boolean equal = equalAt(a, b, new Point(i), EXACT);
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

    private static boolean hasDecimal(Expression expression) {
        return switch (expression) {
            case Expression.Constant number -> number.decimal();
            case Expression.Binary binary ->
                    hasDecimal(binary.left()) || hasDecimal(binary.right());
            case Expression.Application application -> hasDecimal(application.argument());
            case Expression.Unknown unknown ->
                    unknown.arguments().stream().anyMatch(SymbolicEquality::hasDecimal);
            case Expression.Imaginary imaginary -> false;
            case Expression.Variable variable -> false;
        };
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
