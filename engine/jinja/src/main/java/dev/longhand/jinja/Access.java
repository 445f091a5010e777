package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

/** Expressions that reach into a value or apply something to it. */
final class Access {
    private Access() {}

    /** {@code value.name}. */
    record Attribute(Expression value, String name) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            return Attributes.attribute(value.evaluate(frame), name);
        }
    }

    /** {@code value[index]}. */
    record Item(Expression value, Expression index) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            Object of = value.evaluate(frame);
            return Attributes.item(of, index.evaluate(frame), frame.state());
        }
    }

    /** {@code begin:end:step} in an index. */
    record SliceOf(@Nullable Expression begin, @Nullable Expression end, @Nullable Expression step)
            implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            return new Slice(bound(begin, frame), bound(end, frame), bound(step, frame));
        }

        private static @Nullable Integer bound(@Nullable Expression bound, Frame frame) {
            Object value = bound == null ? None.NONE : bound.evaluate(frame);
            if (value == None.NONE) {
                return null;
            }
            if (value instanceof Long || value instanceof Boolean) {
                return PythonNumbers.clamped(value);
            }
            Undefined.require(value);
            throw TemplateException.value("slice indices must be integers or None");
        }
    }

    /** {@code value(arguments)}. */
    record Call(Expression called, CallArguments arguments) implements Expression {
        Call with(String key, Expression value) {
            return new Call(called, arguments.with(key, value));
        }

        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            Object function = called.evaluate(frame);
            return Values.call(function, arguments.evaluate(frame), frame.state());
        }
    }

    /** {@code value | filter(arguments)}. */
    record Filtered(Filter filter, Expression value, CallArguments arguments)
            implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            Object input = value.evaluate(frame);
            return filter.apply(input, arguments.evaluate(frame), frame.state());
        }
    }

    /** {@code value is test(arguments)}. */
    record Tested(ValueTest test, Expression value, CallArguments arguments) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            Object tested = value.evaluate(frame);
            return test.holds(tested, arguments.evaluate(frame), frame.state());
        }
    }
}
