package dev.longhand.study.expression;

import dev.longhand.study.expression.Expression.Application;
import dev.longhand.study.expression.Expression.Binary;
import dev.longhand.study.expression.Expression.Operation;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses a subset of LaTeX by recursive descent, in time linear in the text: sums, products with
 * and without a sign, powers, and the {@link LatexAtoms}. Each method returns null, and stays where
 * it began, if its kind of expression does not come next.
 */
final class LatexParser {
    private static final int CHARACTERS_MAX = 4000;
    private static final int DEPTH_MAX = 60;
    private static final int TRIES_MAX = 100_000;

    private static final String[][] RELATIONS = {
        {"=", "="},
        {"\\ne", "ne"},
        {"\\le", "le"},
        {"\\ge", "ge"},
        {"\\lt", "lt"},
        {"\\gt", "gt"},
        {"<", "lt"},
        {">", "gt"}
    };

    /** The relations of SymPy's parser, for which other commands are variables. */
    private static final String[][] COMPATIBLE_RELATIONS = {
        {"=", "="},
        {"&=", "="},
        {"\\neq", "ne"},
        {"\\le", "le"},
        {"\\ge", "ge"},
        {"<", "lt"},
        {">", "gt"}
    };

    private final LatexScanner scanner;
    private final LatexAtoms atoms;
    private final Dialect dialect;
    private int depth;
    private int tries;

    private LatexParser(LatexScanner scanner, Dialect dialect) {
        this.scanner = scanner;
        this.dialect = dialect;
        atoms = new LatexAtoms(scanner, this, dialect);
    }

    /**
     * Parses a text.
     *
     * @return null if it cannot be read
     * @throws ExpressionLimitException if it is too long or too deep
     */
    static @Nullable Relation parse(String text, Dialect dialect) {
        if (text.length() > CHARACTERS_MAX) {
            throw new ExpressionLimitException();
        }
        LatexScanner scanner = new LatexScanner(text, dialect);
        Relation relation = new LatexParser(scanner, dialect).relation();
        boolean whole = dialect.compatible() ? scanner.atSymbol() : scanner.atEnd();
        return whole ? relation : null;
    }

    private @Nullable Relation relation() {
        Expression first = sum();
        if (first == null) {
            return null;
        }
        List<Expression> sides = new ArrayList<>(List.of(first));
        List<String> signs = new ArrayList<>();
        while (true) {
            int before = scanner.position();
            String sign = takeRelation();
            Expression side = sign == null ? null : sum();
            if (sign == null || side == null) {
                scanner.back(before);
                return new Relation(sides, signs);
            }
            signs.add(sign);
            sides.add(side);
        }
    }

    private @Nullable String takeRelation() {
        for (String[] each : dialect.compatible() ? COMPATIBLE_RELATIONS : RELATIONS) {
            if (scanner.take(each[0])) {
                return each[1];
            }
        }
        return null;
    }

    /** Parses a sum. */
    @Nullable Expression sum() {
        if (depth == DEPTH_MAX || ++tries > TRIES_MAX) {
            throw new ExpressionLimitException();
        }
        depth++;
        try {
            Expression sum = product();
            while (sum != null) {
                int before = scanner.position();
                Operation sign =
                        scanner.take("+")
                                ? Operation.PLUS
                                : scanner.take("-") ? Operation.MINUS : null;
                Expression next = sign == null ? null : product();
                if (sign == null || next == null) {
                    scanner.back(before);
                    break;
                }
                sum = new Binary(sign, sum, next);
            }
            return sum;
        } finally {
            depth--;
        }
    }

    /** Parses a product; for SymPy's parser factors without a sign bind tighter: 1/2x is 1/(2x). */
    private @Nullable Expression product() {
        Expression product = signed();
        while (product != null) {
            int before = scanner.position();
            Operation sign = takeProductSign();
            Expression next = sign != null ? signed() : dialect.compatible() ? null : power();
            if (next == null) {
                scanner.back(before);
                break;
            }
            product = new Binary(sign == null ? Operation.TIMES : sign, product, next);
        }
        return product;
    }

    /** Takes a sign of multiplication or division; null if none comes next. */
    @Nullable Operation takeProductSign() {
        if (scanner.take("*") || scanner.take("\\cdot") || scanner.take("\\times")) {
            return Operation.TIMES;
        }
        return scanner.take("/") || scanner.take("\\div") || scanner.take(":")
                ? Operation.OVER
                : null;
    }

    /** Parses a power with signs before it. */
    private @Nullable Expression signed() {
        int before = scanner.position();
        boolean negative = false;
        while (true) {
            if (scanner.take("-")) {
                negative = !negative;
            } else if (!scanner.take("+")) {
                break;
            }
        }
        Expression power = dialect.compatible() ? juxtaposed() : power();
        if (power == null) {
            scanner.back(before);
            return null;
        }
        return negative ? new Application(Function.NEGATION, power) : power;
    }

    private @Nullable Expression juxtaposed() {
        Expression product = power();
        while (product != null) {
            Expression next = power();
            if (next == null) {
                break;
            }
            product = new Binary(Operation.TIMES, product, next);
        }
        return product;
    }

    /** Parses an atom with factorials and an exponent. */
    @Nullable Expression power() {
        if (++tries > TRIES_MAX) {
            throw new ExpressionLimitException();
        }
        Expression base = atoms.atom();
        boolean raised = true;
        while (base != null) {
            int before = scanner.position();
            if (scanner.take("!")) {
                base = new Application(Function.FACTORIAL, base);
                raised = !dialect.compatible(); // SymPy's parser reads no power of a factorial
                continue;
            }
            Expression exponent = raised && scanner.take("^") ? exponent() : null;
            if (exponent == null) {
                scanner.back(before);
                break;
            }
            base = new Binary(Operation.POWER, base, exponent);
        }
        return base;
    }

    /** Parses the exponent after its sign: a group or one atom. */
    @Nullable Expression exponent() {
        if (dialect.compatible()) {
            return atoms.compatibleExponent();
        }
        int before = scanner.position();
        boolean negative = scanner.take("-");
        Expression exponent = atoms.atom();
        if (exponent == null) {
            scanner.back(before);
            return null;
        }
        return negative ? new Application(Function.NEGATION, exponent) : exponent;
    }
}
