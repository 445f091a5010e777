package dev.longhand.jinja;

import java.util.List;

/** Plain statements. */
final class Statements {
    /** Statement without effect. */
    static final Statement NOTHING = new Sequence(List.of());

    private Statements() {}

    static Statement sequence(List<Statement> statements) {
        return statements.size() == 1
                ? statements.getFirst()
                : new Sequence(List.copyOf(statements));
    }

    /** Statements one after the other. */
    record Sequence(List<Statement> statements) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            for (Statement statement : statements) {
                Flow flow = statement.execute(frame);
                if (flow != Flow.NEXT) {
                    return flow;
                }
            }
            return Flow.NEXT;
        }
    }

    /** Text between tags. */
    record Text(String text) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            frame.state().write(text);
            return Flow.NEXT;
        }
    }

    /** {@code {{ value }}}. */
    record Print(Expression value) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            String text = PythonText.text(value.evaluate(frame));
            frame.state().textSteps(text.length());
            frame.state().write(text);
            return Flow.NEXT;
        }
    }

    /** {@code {% set target = value %}}. */
    record Set(Target target, Expression value) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            frame.state().step();
            target.assign(value.evaluate(frame), frame);
            return Flow.NEXT;
        }
    }

    /** Condition with the statement for it. */
    record Branch(Expression condition, Statement body) {}

    /** {@code {% if %}} with its {@code elif} and {@code else}. */
    record If(List<Branch> branches, Statement otherwise) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            for (Branch branch : branches) {
                frame.state().step();
                if (Values.truth(branch.condition().evaluate(frame))) {
                    return branch.body().execute(frame);
                }
            }
            return otherwise.execute(frame);
        }
    }

    /** {@code {% break %}} or {@code {% continue %}}. */
    record Jump(Flow flow) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            return flow;
        }
    }
}
