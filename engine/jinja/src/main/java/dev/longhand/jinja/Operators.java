package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.List;

/** Expressions of operators. */
final class Operators {
    private Operators() {}

    /** {@code value if condition else otherwise}. */
    record Conditional(Expression condition, Expression value, @Nullable Expression otherwise)
            implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            if (Values.truth(condition.evaluate(frame))) {
                return value.evaluate(frame);
            }
            return otherwise == null
                    ? new Undefined(
                            "the inline if-expression evaluated to false and no else section was"
                                    + " defined.")
                    : otherwise.evaluate(frame);
        }
    }

    /** {@code left or right}. */
    record Or(Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            Object value = left.evaluate(frame);
            return Values.truth(value) ? value : right.evaluate(frame);
        }
    }

    /** {@code left and right}. */
    record And(Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            Object value = left.evaluate(frame);
            return Values.truth(value) ? right.evaluate(frame) : value;
        }
    }

    /** {@code not value}. */
    record Not(Expression value) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            return !Values.truth(value.evaluate(frame));
        }
    }

    /** One operator of a comparison with its right side. */
    record Operand(String operator, Expression value) {}

    /** Chain of comparisons; each value is evaluated once. */
    record Compare(Expression first, List<Operand> operands) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            Object left = first.evaluate(frame);
            for (Operand operand : operands) {
                frame.state().step();
                Object right = operand.value().evaluate(frame);
                if (!holds(operand.operator(), left, right, frame.state())) {
                    return false;
                }
                left = right;
            }
            return true;
        }

        private static boolean holds(
                String operator, Object left, Object right, RenderState state) {
            return switch (operator) {
                case "==" -> Comparison.equal(left, right, state);
                case "!=" -> !Comparison.equal(left, right, state);
                case "in" -> Comparison.contains(right, left, state);
                case "not in" -> !Comparison.contains(right, left, state);
                default -> Comparison.ordered(operator, left, right, state);
            };
        }
    }

    /** Operator of two values that are numbers, texts or lists. */
    record Arithmetic(String operator, Expression left, Expression right) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            Object a = left.evaluate(frame);
            Object b = right.evaluate(frame);
            return BinaryOperator.apply(operator, a, b, frame.state());
        }
    }

    /** {@code -value} or {@code +value}. */
    record Sign(boolean negative, Expression value) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            return PythonNumbers.signed(negative, value.evaluate(frame));
        }
    }

    /** {@code a ~ b}: the texts of values, one after the other. */
    record Concatenation(List<Expression> parts) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            StringBuilder text = new StringBuilder();
            for (Expression part : parts) {
                String next = PythonText.text(part.evaluate(frame));
                frame.state().requireLength((long) text.length() + next.length());
                frame.state().textSteps(next.length());
                text.append(next);
            }
            return text.toString();
        }
    }
}
