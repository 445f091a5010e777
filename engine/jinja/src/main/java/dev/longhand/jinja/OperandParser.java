package dev.longhand.jinja;

import dev.longhand.jinja.Token.Kind;

import org.jspecify.annotations.Nullable;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Parser of operands: literals, names, and all that follows them without an operator. */
final class OperandParser {
    private final TokenStream tokens;
    private final ExpressionParser expressions;

    OperandParser(TokenStream tokens, ExpressionParser expressions) {
        this.tokens = tokens;
        this.expressions = expressions;
    }

    Expression primary() {
        Token token = tokens.current();
        return switch (token.kind()) {
            case NAME -> name(tokens.next().text());
            case STRING -> string();
            case INTEGER -> new Literals.Constant(integer(tokens.next()));
            case FLOAT -> new Literals.Constant(Double.valueOf(tokens.next().text()));
            default -> bracketed(token);
        };
    }

    /** Parses texts that follow each other as one. */
    private Expression string() {
        StringBuilder text = new StringBuilder();
        while (tokens.current().kind() == Kind.STRING) {
            text.append(tokens.next().text());
        }
        return new Literals.Constant(text.toString());
    }

    private Expression name(String name) {
        return switch (name) {
            case "true", "True" -> new Literals.Constant(true);
            case "false", "False" -> new Literals.Constant(false);
            case "none", "None" -> new Literals.Constant(None.NONE);
            default -> {
                expressions.addName(name);
                yield new Literals.Variable(name);
            }
        };
    }

    private static Object integer(Token token) {
        boolean hexadecimal = token.text().startsWith("0x") || token.text().startsWith("0X");
        try {
            return PythonNumbers.normal(
                    hexadecimal
                            ? new BigInteger(token.text().substring(2).replace("_", ""), 16)
                            : new BigInteger(token.text()));
        } catch (NumberFormatException e) {
            throw TemplateException.syntax(token.line(), "not a number: " + token.text());
        }
    }

    private Expression bracketed(Token token) {
        if (tokens.skipOperator("(")) {
            if (tokens.skipOperator(")")) {
                return new Literals.TupleOf(List.of());
            }
            Expression value = expressions.list(true);
            tokens.expectOperator(")");
            return value;
        }
        if (tokens.skipOperator("[")) {
            List<Expression> items = new ArrayList<>();
            while (!tokens.skipOperator("]")) {
                if (!items.isEmpty()) {
                    tokens.expectOperator(",");
                }
                if (tokens.skipOperator("]")) {
                    break;
                }
                items.add(expressions.expression());
            }
            return new Literals.ListOf(items);
        }
        if (tokens.skipOperator("{")) {
            return dict();
        }
        throw tokens.fail("unexpected " + token.described());
    }

    private Expression dict() {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            if (!keys.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (tokens.skipOperator("}")) {
                break;
            }
            keys.add(expressions.expression());
            tokens.expectOperator(":");
            values.add(expressions.expression());
        }
        return new Literals.DictOf(keys, values);
    }

    Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skipOperator(".")) {
                Token token = tokens.next();
                value =
                        switch (token.kind()) {
                            case NAME -> new Access.Attribute(value, token.text());
                            case INTEGER ->
                                    new Access.Item(value, new Literals.Constant(integer(token)));
                            default ->
                                    throw TemplateException.syntax(
                                            token.line(), "expected name or number");
                        };
            } else if (tokens.skipOperator("[")) {
                value = subscript(value);
            } else if (tokens.current().isOperator("(")) {
                value = new Access.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expression subscript(Expression value) {
        List<Expression> indices = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
            if (!indices.isEmpty()) {
                tokens.expectOperator(",");
            }
            if (tokens.current().isOperator(":")) {
                indices.add(slice(null));
            } else {
                Expression index = expressions.expression();
                indices.add(tokens.current().isOperator(":") ? slice(index) : index);
            }
        }
        if (indices.isEmpty()) {
            throw tokens.fail("expected an index");
        }
        Expression index = indices.size() == 1 ? indices.getFirst() : new Literals.TupleOf(indices);
        return new Access.Item(value, index);
    }

    private Expression slice(@Nullable Expression begin) {
        tokens.expectOperator(":");
        @Nullable Expression end = null;
        @Nullable Expression step = null;
        if (!atSliceEnd() && !tokens.current().isOperator(":")) {
            end = expressions.expression();
        }
        if (tokens.skipOperator(":") && !atSliceEnd()) {
            step = expressions.expression();
        }
        return new Access.SliceOf(begin, end, step);
    }

    private boolean atSliceEnd() {
        return tokens.current().isOperator("]") || tokens.current().isOperator(",");
    }

    Expression filters(Expression start) {
        Expression value = start;
        while (true) {
            if (tokens.skipOperator("|")) {
                value = filter(value);
            } else if (tokens.skipName("is")) {
                value = test(value);
            } else if (tokens.current().isOperator("(")) {
                value = new Access.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    /** Parses the name and arguments of a filter that applies to {@code value}. */
    Expression filter(Expression value) {
        int line = tokens.current().line();
        String name = dottedName();
        Filter filter = Filters.find(name);
        if (filter == null) {
            throw TemplateException.syntax(line, "No filter named '" + name + "'.");
        }
        CallArguments arguments =
                tokens.current().isOperator("(") ? arguments() : CallArguments.NONE;
        return new Access.Filtered(filter, value, arguments);
    }

    private String dottedName() {
        StringBuilder name = new StringBuilder(tokens.name());
        while (tokens.skipOperator(".")) {
            name.append('.').append(tokens.name());
        }
        return name.toString();
    }

    private Expression test(Expression value) {
        boolean negated = tokens.skipName("not");
        int line = tokens.current().line();
        String name = dottedName();
        ValueTest test = ValueTests.find(name);
        if (test == null) {
            throw TemplateException.syntax(line, "No test named '" + name + "'.");
        }
        CallArguments arguments = CallArguments.NONE;
        if (tokens.current().isOperator("(")) {
            arguments = arguments();
        } else if (beginsArgument()) {
            if (tokens.current().isName("is")) {
                throw tokens.fail("You cannot chain multiple tests with is");
            }
            arguments = CallArguments.of(postfix(primary()));
        }
        Expression tested = new Access.Tested(test, value, arguments);
        return negated ? new Operators.Not(tested) : tested;
    }

    private boolean beginsArgument() {
        Token token = tokens.current();
        return switch (token.kind()) {
            case STRING, INTEGER, FLOAT -> true;
            case NAME -> !Set.of("else", "or", "and").contains(token.text());
            default -> token.isOperator("[") || token.isOperator("{");
        };
    }

    private CallArguments arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        @Nullable Expression morePositional = null;
        @Nullable Expression moreKeywords = null;
        boolean first = true;
        while (!tokens.skipOperator(")")) {
            if (!first) {
                tokens.expectOperator(",");
                if (tokens.skipOperator(")")) {
                    break;
                }
            }
            first = false;
            if (tokens.skipOperator("*")) {
                morePositional = expressions.expression();
            } else if (tokens.skipOperator("**")) {
                moreKeywords = expressions.expression();
            } else if (tokens.current().kind() == Kind.NAME && tokens.following().isOperator("=")) {
                keys.add(tokens.name());
                tokens.next();
                values.add(expressions.expression());
            } else if (keys.isEmpty() && moreKeywords == null) {
                positional.add(expressions.expression());
            } else {
                throw tokens.fail("invalid syntax for function call expression");
            }
        }
        return new CallArguments(positional, keys, values, morePositional, moreKeywords);
    }
}
