package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.List;

/** Statements with a body whose text or scope is its own. */
final class Blocks {
    private Blocks() {}

    /** {@code {% set target | filters %}} … {@code {% endset %}}. */
    record SetBlock(Target target, Expression value, Statement body) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            target.assign(filtered(value, body, frame), frame);
            return Flow.NEXT;
        }
    }

    /** {@code {% filter name %}} … {@code {% endfilter %}}. */
    record FilterBlock(Expression value, Statement body) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            frame.state().write(PythonText.text(filtered(value, body, frame)));
            return Flow.NEXT;
        }
    }

    private static Object filtered(Expression value, Statement body, Frame frame) {
        Frame inner = frame.inner();
        Captured.set(frame.state().capture(body, frame.inner()), inner);
        return value.evaluate(inner);
    }

    /** {@code {% with name = value %}} … {@code {% endwith %}}. */
    record With(List<Statements.Set> values, Statement body) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            Frame inner = frame.inner();
            List<Object> evaluated = new ArrayList<>();
            values.forEach(set -> evaluated.add(set.value().evaluate(frame)));
            for (int i = 0; i < values.size(); i++) {
                values.get(i).target().assign(evaluated.get(i), inner);
            }
            return body.execute(inner);
        }
    }

    /** {@code {% generation %}} … {@code {% endgeneration %}}: text that the model writes. */
    record Generation(Statement body) implements Statement {
        @Override
        public Flow execute(Frame frame) {
            String text = frame.state().capture(body, frame.inner());
            frame.state().addGeneration(text);
            frame.state().write(text);
            return Flow.NEXT;
        }
    }
}
