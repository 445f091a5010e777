package dev.longhand.jinja;

import dev.longhand.jinja.Token.Kind;

import java.util.List;

/** Tokens of a template in order, with the checks that parsers make. */
final class TokenStream {
    private final List<Token> tokens;
    private int at;

    TokenStream(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(at);
    }

    Token following() {
        return tokens.get(Math.min(at + 1, tokens.size() - 1));
    }

    /** Returns the current token and goes to the next one; the end stays. */
    Token next() {
        Token token = tokens.get(at);
        at = Math.min(at + 1, tokens.size() - 1);
        return token;
    }

    boolean skipName(String name) {
        boolean there = current().isName(name);
        if (there) {
            next();
        }
        return there;
    }

    boolean skipOperator(String operator) {
        boolean there = current().isOperator(operator);
        if (there) {
            next();
        }
        return there;
    }

    void expectOperator(String operator) {
        if (!skipOperator(operator)) {
            throw fail("expected '%s', got %s".formatted(operator, current().described()));
        }
    }

    void expectName(String name) {
        if (!skipName(name)) {
            throw fail("expected '%s', got %s".formatted(name, current().described()));
        }
    }

    String name() {
        return expect(Kind.NAME, "a name").text();
    }

    Token expect(Kind kind, String described) {
        if (current().kind() != kind) {
            throw fail("expected %s, got %s".formatted(described, current().described()));
        }
        return next();
    }

    TemplateException fail(String message) {
        return TemplateException.syntax(current().line(), message);
    }
}
