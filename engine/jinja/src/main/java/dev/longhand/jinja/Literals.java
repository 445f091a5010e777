package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Expressions that are values by themselves. */
final class Literals {
    private Literals() {}

    /** Value that the source spells out. */
    record Constant(Object value) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            return value;
        }
    }

    /** Variable by its name. */
    record Variable(String name) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            frame.state().step();
            return frame.get(name);
        }
    }

    /** List display. */
    record ListOf(List<Expression> items) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            return all(items, frame);
        }
    }

    /** Tuple display. */
    record TupleOf(List<Expression> items) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            return new Tuple(all(items, frame));
        }
    }

    /** Dict display. */
    record DictOf(List<Expression> keys, List<Expression> values) implements Expression {
        @Override
        public Object evaluate(Frame frame) {
            Map<Object, Object> dict = new LinkedHashMap<>();
            for (int i = 0; i < keys.size(); i++) {
                frame.state().step();
                Object key = Values.requireHashable(keys.get(i).evaluate(frame));
                dict.put(key, values.get(i).evaluate(frame));
            }
            return dict;
        }
    }

    private static List<Object> all(List<Expression> items, Frame frame) {
        List<Object> values = new ArrayList<>(items.size());
        for (Expression item : items) {
            frame.state().step();
            values.add(item.evaluate(frame));
        }
        return values;
    }
}
