package dev.longhand.study.expression;

import dev.longhand.study.expression.Expression.Application;
import dev.longhand.study.expression.Expression.Binary;
import dev.longhand.study.expression.Expression.Constant;
import dev.longhand.study.expression.Expression.Imaginary;
import dev.longhand.study.expression.Expression.Operation;
import dev.longhand.study.expression.Expression.Unknown;
import dev.longhand.study.expression.Expression.Variable;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** Parses numbers, variables, groups, fractions, roots and functions. */
final class LatexAtoms {
    private static final String[][] GROUPS = {
        {"(", ")"},
        {"{", "}"},
        {"[", "]"},
    };

    private final LatexScanner scanner;
    private final LatexParser parser;
    private final Dialect dialect;
    private int bars;

    LatexAtoms(LatexScanner scanner, LatexParser parser, Dialect dialect) {
        this.scanner = scanner;
        this.parser = parser;
        this.dialect = dialect;
    }

    /** Parses an atom; null, at the same place, if none comes next. */
    @Nullable Expression atom() {
        int before = scanner.position();
        Expression atom = unchecked();
        if (atom == null) {
            scanner.back(before);
        }
        return atom;
    }

    private @Nullable Expression unchecked() {
        String number = scanner.takeNumber(dialect.compatible());
        if (number != null) {
            return number(number);
        }
        for (String[] group : GROUPS) {
            if (scanner.take(group[0])) {
                return closed(group[1]);
            }
        }
        if (scanner.atLetter()) {
            return letter(String.valueOf(scanner.takeCharacter()));
        }
        if (scanner.peek() == '|' && bars == 0) {
            return bars("|", "|", Function.ABS);
        }
        String command = scanner.takeCommand();
        return command == null ? null : command(command);
    }

    private @Nullable Expression number(String digits) {
        Constant number = new Constant(Double.parseDouble(digits), digits.indexOf('.') >= 0);
        if (!dialect.mixedNumbers() || number.decimal()) {
            return number;
        }
        int before = scanner.position();
        if (scanner.take("\\frac")) {
            Expression above = argument();
            Expression below = above == null ? null : argument();
            if (above instanceof Constant && below instanceof Constant) {
                return new Binary(Operation.PLUS, number, new Binary(Operation.OVER, above, below));
            }
        }
        scanner.back(before);
        return number;
    }

    private @Nullable Expression closed(String end) {
        int outside = bars;
        bars = 0;
        Expression inside = parser.sum();
        bars = outside;
        return inside != null && scanner.take(end) ? inside : null;
    }

    private @Nullable Expression bars(String begin, String end, Function function) {
        scanner.take(begin);
        bars++;
        Expression inside = parser.sum();
        bars--;
        return inside != null && scanner.take(end) ? new Application(function, inside) : null;
    }

    private @Nullable Expression letter(String letter) {
        if (dialect.compatible()) {
            String differential = letter.equals("d") ? scanner.takeDifferential() : "";
            return differential.isEmpty() ? named(letter) : new Variable(letter + differential);
        }
        String name = letter + subscript();
        return switch (name) {
            case "e" -> new Constant(Math.E, false);
            case "i" -> new Imaginary();
            default -> new Variable(name);
        };
    }

    /** A name as SymPy's parser reads it: before parentheses it is that of a function. */
    private Expression named(String letters) {
        String primes = primes();
        String name = letters + subscript() + primes;
        name += primes.isEmpty() ? primes() : "";
        int before = scanner.position();
        Expression function = scanner.take("(") ? unknown(name) : null;
        if (function == null) {
            scanner.back(before);
            return new Variable(name);
        }
        return function;
    }

    private String primes() {
        StringBuilder primes = new StringBuilder();
        while (scanner.take("'")) {
            primes.append('\'');
        }
        return primes.toString();
    }

    /** Parses the arguments of a function, after the parenthesis that opens. */
    private @Nullable Expression unknown(String name) {
        List<Expression> arguments = new ArrayList<>();
        do {
            Expression argument = parser.sum();
            if (argument == null) {
                return null;
            }
            arguments.add(argument);
        } while (scanner.take(","));
        return scanner.take(")") ? new Unknown(name, arguments) : null;
    }

    /** Takes a subscript and returns it with its sign; empty if none comes next. */
    private String subscript() {
        if (!scanner.take("_")) {
            return "";
        }
        StringBuilder name = new StringBuilder("_");
        boolean braced = scanner.take("{");
        String number = braced || !dialect.compatible() ? null : scanner.takeNumber(true);
        if (number != null) {
            return name.append(number).toString();
        }
        do {
            String command = scanner.takeCommand();
            if (command != null) {
                name.append('\\').append(command);
            } else if (scanner.peek() != 0 && scanner.peek() != '}') {
                name.append(scanner.takeCharacter());
            } else {
                break;
            }
        } while (braced);
        if (braced) {
            scanner.take("}");
        }
        return name.toString();
    }

    private @Nullable Expression command(String name) {
        Function function = Function.COMMANDS.get(name);
        if (function != null) {
            return applied(function);
        }
        return switch (name) {
            case "frac" -> pair(Operation.OVER);
            case "binom", "dbinom", "tbinom" -> pair(Operation.BINOMIAL);
            case "sqrt" -> root();
            case "lvert", "vert" ->
                    bars("", "\\r" + name.substring(name.length() - 4), Function.ABS);
            case "overline" -> dialect.compatible() ? conjugate() : null;
            case "lfloor" -> bars("", "\\rfloor", Function.FLOOR);
            case "lceil" -> bars("", "\\rceil", Function.CEILING);
            default -> symbol(name);
        };
    }

    private @Nullable Expression symbol(String name) {
        if (dialect.compatible()) {
            return Commands.SIGNS.contains(name) ? null : named("\\" + name);
        }
        if (name.equals("pi")) {
            return new Constant(Math.PI, false);
        }
        return Commands.GREEK.contains(name) ? new Variable("\\" + name + subscript()) : null;
    }

    private @Nullable Expression conjugate() {
        Expression argument = argument();
        return argument == null ? null : new Application(Function.CONJUGATE, argument);
    }

    private @Nullable Expression pair(Operation operation) {
        boolean braced = dialect.compatible() && operation == Operation.BINOMIAL;
        Expression first = braced ? group() : argument();
        Expression second = first == null ? null : braced ? group() : argument();
        return first == null || second == null ? null : new Binary(operation, first, second);
    }

    /** Parses an exponent as SymPy's parser does: a group in braces or an atom, no parentheses. */
    @Nullable Expression compatibleExponent() {
        if (scanner.peek() == '(' || scanner.peek() == '[' || scanner.peek() == '|') {
            return null;
        }
        int before = scanner.position();
        String command = scanner.takeCommand();
        scanner.back(before);
        boolean applied = command != null && Function.COMMANDS.containsKey(command);
        return applied || "sqrt".equals(command) ? null : atom();
    }

    private @Nullable Expression group() {
        return scanner.take("{") ? closed("}") : null;
    }

    /** Parses the argument of a command: a group in braces or one digit or letter. */
    private @Nullable Expression argument() {
        if (scanner.take("{")) {
            return closed("}");
        }
        char next = scanner.peek();
        if (next >= '0' && next <= '9') {
            return new Constant(scanner.takeCharacter() - '0', false);
        }
        return scanner.atLetter() ? letter(String.valueOf(scanner.takeCharacter())) : null;
    }

    private @Nullable Expression root() {
        Expression index = null;
        if (scanner.take("[")) {
            index = closed("]");
            if (index == null) {
                return null;
            }
        }
        Expression radicand = dialect.compatible() ? group() : argument();
        if (radicand == null) {
            return null;
        }
        return index == null
                ? new Application(Function.SQRT, radicand)
                : new Binary(
                        Operation.POWER,
                        radicand,
                        new Binary(Operation.OVER, new Constant(1, false), index));
    }

    private @Nullable Expression applied(Function function) {
        Function applied = function;
        Expression base = null;
        if (function == Function.LOG && dialect.compatible()) {
            applied = Function.LN;
        }
        if (function == Function.LOG && scanner.take("_")) {
            base = dialect.compatible() ? base() : argument();
            if (base == null) {
                return null;
            }
            applied = Function.LN;
        }
        Expression exponent = scanner.take("^") ? parser.exponent() : null;
        Function inverse = Function.INVERSES.get(function);
        if (exponent != null && inverse != null && isMinusOne(exponent)) {
            applied = inverse;
            exponent = null;
        }
        Expression argument = functionArgument();
        if (argument == null) {
            return null;
        }
        Expression value = new Application(applied, argument);
        if (base != null) {
            value = new Binary(Operation.OVER, value, new Application(Function.LN, base));
        }
        return exponent == null ? value : new Binary(Operation.POWER, value, exponent);
    }

    /** Parses the base of a logarithm; of digits before nothing else the last is the argument. */
    private @Nullable Expression base() {
        Expression base = atom();
        if (base instanceof Constant number && !number.decimal() && scanner.atEnd()) {
            double rest = Math.floor(number.number() / 10);
            scanner.back(scanner.position() - (rest > 0 ? 1 : 0));
            return rest > 0 ? new Constant(rest, false) : base;
        }
        return base;
    }

    private static boolean isMinusOne(Expression exponent) {
        Complex value = exponent.value(new Point(0, 1));
        return value.re() == -1 && value.im() == 0;
    }

    /** Parses a group in parentheses, or factors up to the next sign or function. */
    private @Nullable Expression functionArgument() {
        if (scanner.peek() == '(') {
            int before = scanner.position();
            Expression group = atom();
            if (group != null || !dialect.compatible()) {
                return group;
            }
            scanner.back(before);
        }
        return dialect.compatible()
                ? signedFactors()
                : scanner.peek() == '{' ? parser.power() : factors();
    }

    /** Parses a product without functions but in the first place, also over signs of products. */
    private @Nullable Expression signedFactors() {
        boolean negative = false;
        while (scanner.peek() == '-' || scanner.peek() == '+') {
            negative ^= scanner.takeCharacter() == '-';
        }
        Expression product = factors();
        while (product != null) {
            int before = scanner.position();
            Operation sign = parser.takeProductSign();
            Expression next = sign == null ? null : factors();
            if (sign == null || next == null) {
                scanner.back(before);
                break;
            }
            product = new Binary(sign, product, next);
        }
        return product == null || !negative ? product : new Application(Function.NEGATION, product);
    }

    private @Nullable Expression factors() {
        Expression product = parser.power();
        while (product != null && !atFunction()) {
            Expression next = parser.power();
            if (next == null) {
                break;
            }
            product = new Binary(Operation.TIMES, product, next);
        }
        return product;
    }

    private boolean atFunction() {
        int before = scanner.position();
        String command = scanner.takeCommand();
        scanner.back(before);
        return (scanner.peek() == '(' && !dialect.compatible())
                || (command != null && Function.COMMANDS.containsKey(command));
    }
}
