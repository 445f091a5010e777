package dev.longhand.jinja;

import dev.longhand.jinja.Token.Kind;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Parser of statements. */
final class Parser {
    private static final int DEPTH_MAX = 100;

    private final TokenStream tokens;
    private final ExpressionParser expressions;
    private int depth;
    private int loops;

    /**
     * Creates a parser.
     *
     * @param names receives every name that the template reads
     */
    Parser(List<Token> tokens, Set<String> names) {
        this.tokens = new TokenStream(tokens);
        expressions = new ExpressionParser(this.tokens, names);
    }

    /** Parses the whole template. */
    Statement parse() {
        return body();
    }

    /** Parses up to the name of one of the tags {@code ends}, which stays, or the end. */
    private Statement body(String... ends) {
        if (++depth > DEPTH_MAX) {
            throw tokens.fail("blocks are nested too deeply");
        }
        List<Statement> statements = new ArrayList<>();
        while (tokens.current().kind() != Kind.END) {
            Token token = tokens.next();
            switch (token.kind()) {
                case DATA -> statements.add(new Statements.Text(token.text()));
                case VARIABLE_BEGIN -> {
                    statements.add(new Statements.Print(expressions.list(true)));
                    tokens.expect(Kind.VARIABLE_END, "end of print statement");
                }
                default -> {
                    if (Set.of(ends).contains(tokens.current().text())) {
                        depth--;
                        return Statements.sequence(statements);
                    }
                    statements.add(statement());
                    tokens.expect(Kind.BLOCK_END, "end of statement block");
                }
            }
        }
        if (ends.length > 0) {
            throw tokens.fail(
                    "Unexpected end of template; the innermost block has no "
                            + ends[ends.length - 1]);
        }
        depth--;
        return Statements.sequence(statements);
    }

    private Statement blockBody(String... ends) {
        tokens.expect(Kind.BLOCK_END, "end of statement block");
        return body(ends);
    }

    /** Parses a body that no loop control leaves, with its end tag. */
    private Statement separateBody(String end) {
        int loopsOutside = loops;
        loops = 0;
        Statement body = blockBody(end);
        tokens.next();
        loops = loopsOutside;
        return body;
    }

    private Statement statement() {
        String tag = tokens.name();
        return switch (tag) {
            case "if" -> conditional();
            case "for" -> loop();
            case "set" -> set();
            case "macro" -> macro();
            case "call" -> call();
            case "filter" -> filter();
            case "with" -> with();
            case "generation" -> new Blocks.Generation(separateBody("endgeneration"));
            case "break" -> jump(tag, Statement.Flow.BREAK);
            case "continue" -> jump(tag, Statement.Flow.CONTINUE);
            default -> throw tokens.fail("Encountered unknown tag '" + tag + "'.");
        };
    }

    private Statement jump(String tag, Statement.Flow flow) {
        if (loops == 0) {
            throw tokens.fail("'" + tag + "' outside of a loop");
        }
        return new Statements.Jump(flow);
    }

    private Statement conditional() {
        List<Statements.Branch> branches = new ArrayList<>();
        while (true) {
            Expression condition = expressions.list(false);
            Statement body = blockBody("elif", "else", "endif");
            branches.add(new Statements.Branch(condition, body));
            String next = tokens.name();
            if (next.equals("else")) {
                Statement otherwise = blockBody("endif");
                tokens.next();
                return new Statements.If(branches, otherwise);
            }
            if (next.equals("endif")) {
                return new Statements.If(branches, Statements.NOTHING);
            }
        }
    }

    private Statement loop() {
        Target target = target();
        tokens.expectName("in");
        Expression iterated = expressions.iterated();
        @Nullable Expression condition = tokens.skipName("if") ? expressions.expression() : null;
        boolean recursive = tokens.skipName("recursive");
        loops++;
        Statement body = blockBody("else", "endfor");
        loops--;
        Statement otherwise = Statements.NOTHING;
        if (tokens.name().equals("else")) {
            otherwise = blockBody("endfor");
            tokens.next();
        }
        return new Loops.For(target, iterated, condition, recursive, body, otherwise);
    }

    private Target target() {
        List<Target> parts = new ArrayList<>();
        boolean isTuple = false;
        do {
            if (tokens.current().isName("in") || tokens.current().isOperator("=")) {
                break; // after a comma at the end
            }
            if (tokens.skipOperator("(")) {
                parts.add(target());
                tokens.expectOperator(")");
            } else {
                parts.add(nameTarget());
            }
            isTuple |= tokens.current().isOperator(",");
        } while (tokens.skipOperator(","));
        if (parts.isEmpty()) {
            throw tokens.fail("expected a name to assign to");
        }
        return isTuple ? new Target.Unpacked(parts) : parts.getFirst();
    }

    private Target nameTarget() {
        String name = tokens.name();
        if (Set.of("true", "false", "none", "True", "False", "None").contains(name)) {
            throw tokens.fail("can't assign to '" + name + "'");
        }
        return tokens.skipOperator(".")
                ? new Target.NamespaceAttribute(name, tokens.name())
                : new Target.Variable(name);
    }

    private Statement set() {
        Target target = target();
        if (tokens.skipOperator("=")) {
            return new Statements.Set(target, expressions.list(true));
        }
        Captured captured = new Captured();
        Expression value = expressions.moreFilters(captured);
        Statement body = separateBody("endset");
        return new Blocks.SetBlock(target, value, body);
    }

    private Statement filter() {
        Captured captured = new Captured();
        Expression value = expressions.moreFilters(expressions.filter(captured));
        Statement body = separateBody("endfilter");
        return new Blocks.FilterBlock(value, body);
    }

    private Statement with() {
        List<Statements.Set> values = new ArrayList<>();
        while (tokens.current().kind() != Kind.BLOCK_END) {
            if (!values.isEmpty()) {
                tokens.expectOperator(",");
            }
            Target target = nameTarget();
            tokens.expectOperator("=");
            values.add(new Statements.Set(target, expressions.expression()));
        }
        Statement body = blockBody("endwith");
        tokens.next();
        return new Blocks.With(values, body);
    }

    private Statement macro() {
        String name = tokens.name();
        return new Statements.Set(new Target.Variable(name), macro(name, "endmacro"));
    }

    private Statement call() {
        CallerExpression caller =
                tokens.current().isOperator("(")
                        ? new CallerExpression(parameters())
                        : new CallerExpression(Parameters.NONE);
        Expression called = expressions.expression();
        if (!(called instanceof Access.Call call)) {
            throw tokens.fail("expected call");
        }
        MacroExpression body = macroBody("caller", caller.parameters(), "endcall");
        return new Statements.Print(call.with("caller", body));
    }

    private record CallerExpression(Parameters parameters) {}

    private MacroExpression macro(String name, String end) {
        return macroBody(name, parameters(), end);
    }

    private MacroExpression macroBody(String name, Parameters parameters, String end) {
        Set<String> read = new HashSet<>();
        Set<String> outer = expressions.collect(read);
        Statement body = separateBody(end);
        expressions.collect(outer);
        outer.addAll(read);
        return new MacroExpression(
                name,
                parameters,
                body,
                read.contains("varargs"),
                read.contains("kwargs"),
                read.contains("caller"));
    }

    private Parameters parameters() {
        tokens.expectOperator("(");
        List<String> names = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        while (!tokens.skipOperator(")")) {
            if (!names.isEmpty()) {
                tokens.expectOperator(",");
            }
            names.add(tokens.name());
            if (tokens.skipOperator("=")) {
                defaults.add(expressions.expression());
            } else if (!defaults.isEmpty()) {
                throw tokens.fail("non-default argument follows default argument");
            }
        }
        return new Parameters(names, defaults);
    }
}
