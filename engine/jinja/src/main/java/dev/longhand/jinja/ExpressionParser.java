package dev.longhand.jinja;

import dev.longhand.jinja.Token.Kind;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parser of expressions, with jinja2's precedence. */
final class ExpressionParser {
    private static final int DEPTH_MAX = 200;
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");

    private final TokenStream tokens;
    private final OperandParser operands;
    private Set<String> names;
    private int depth;

    /**
     * Creates a parser.
     *
     * @param names receives every name that expressions read
     */
    ExpressionParser(TokenStream tokens, Set<String> names) {
        this.tokens = tokens;
        this.names = names;
        operands = new OperandParser(tokens, this);
    }

    /** Notes that an expression reads a name. */
    void addName(String name) {
        names.add(name);
    }

    /** Collects names elsewhere from now on; returns the set so far. */
    Set<String> collect(Set<String> other) {
        Set<String> before = names;
        names = other;
        return before;
    }

    /** Parses a list of expressions without parentheses; one alone is itself. */
    Expression list(boolean conditional) {
        return list(conditional, "");
    }

    private Expression list(boolean conditional, String endName) {
        List<Expression> items = new ArrayList<>();
        boolean isTuple = false;
        while (!endsList() && (endName.isEmpty() || !tokens.current().isName(endName))) {
            items.add(conditional ? expression() : or());
            if (!tokens.skipOperator(",")) {
                break;
            }
            isTuple = true;
        }
        if (items.isEmpty()) {
            throw tokens.fail("Expected an expression, got " + tokens.current().described());
        }
        return isTuple ? new Literals.TupleOf(items) : items.getFirst();
    }

    /** Parses what a for loop goes through, up to {@code if} or {@code recursive}. */
    Expression iterated() {
        return list(false, "recursive");
    }

    private boolean endsList() {
        Kind kind = tokens.current().kind();
        return kind == Kind.VARIABLE_END
                || kind == Kind.BLOCK_END
                || tokens.current().isOperator(")");
    }

    /** Parses one expression. */
    Expression expression() {
        if (++depth > DEPTH_MAX) {
            throw tokens.fail("the expression is nested too deeply");
        }
        Expression value = or();
        while (tokens.skipName("if")) {
            Expression condition = or();
            @Nullable Expression otherwise = tokens.skipName("else") ? expression() : null;
            value = new Operators.Conditional(condition, value, otherwise);
        }
        depth--;
        return value;
    }

    private Expression or() {
        Expression left = and();
        while (tokens.skipName("or")) {
            left = new Operators.Or(left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (tokens.skipName("and")) {
            left = new Operators.And(left, not());
        }
        return left;
    }

    private Expression not() {
        if (!tokens.skipName("not")) {
            return comparison();
        }
        if (++depth > DEPTH_MAX) {
            throw tokens.fail("the expression is nested too deeply");
        }
        Expression negated = new Operators.Not(not());
        depth--;
        return negated;
    }

    private Expression comparison() {
        Expression first = sum();
        List<Operators.Operand> operands = new ArrayList<>();
        while (true) {
            Token token = tokens.current();
            if (token.kind() == Kind.OPERATOR && COMPARISONS.contains(token.text())) {
                tokens.next();
                operands.add(new Operators.Operand(token.text(), sum()));
            } else if (tokens.skipName("in")) {
                operands.add(new Operators.Operand("in", sum()));
            } else if (token.isName("not") && tokens.following().isName("in")) {
                tokens.next();
                tokens.next();
                operands.add(new Operators.Operand("not in", sum()));
            } else {
                return operands.isEmpty() ? first : new Operators.Compare(first, operands);
            }
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (tokens.current().isOperator("+") || tokens.current().isOperator("-")) {
            String operator = tokens.next().text();
            left = new Operators.Arithmetic(operator, left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression first = product();
        if (!tokens.current().isOperator("~")) {
            return first;
        }
        List<Expression> parts = new ArrayList<>(List.of(first));
        while (tokens.skipOperator("~")) {
            parts.add(product());
        }
        return new Operators.Concatenation(parts);
    }

    private Expression product() {
        Expression left = power();
        while (tokens.current().isOperator("*")
                || tokens.current().isOperator("/")
                || tokens.current().isOperator("//")
                || tokens.current().isOperator("%")) {
            String operator = tokens.next().text();
            left = new Operators.Arithmetic(operator, left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (tokens.skipOperator("**")) {
            left = new Operators.Arithmetic("**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        Expression value;
        if (tokens.current().isOperator("-") || tokens.current().isOperator("+")) {
            if (++depth > DEPTH_MAX) {
                throw tokens.fail("the expression is nested too deeply");
            }
            boolean negative = tokens.next().text().equals("-");
            value = new Operators.Sign(negative, unary(false));
            depth--;
        } else {
            value = operands.primary();
        }
        value = operands.postfix(value);
        return withFilters ? operands.filters(value) : value;
    }

    /** Parses the name and arguments of a filter that applies to {@code value}. */
    Expression filter(Expression value) {
        return operands.filter(value);
    }

    /** Parses further filters that follow with {@code |}. */
    Expression moreFilters(Expression start) {
        Expression value = start;
        while (tokens.skipOperator("|")) {
            value = operands.filter(value);
        }
        return value;
    }
}
