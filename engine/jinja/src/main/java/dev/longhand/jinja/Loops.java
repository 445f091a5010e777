package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/** Loops over the values of a sequence. */
final class Loops {
    private Loops() {}

    /**
     * {@code {% for %}}.
     *
     * @param condition null if all values are taken
     */
    record For(
            Target target,
            Expression iterated,
            @Nullable Expression condition,
            boolean recursive,
            Statement body,
            Statement otherwise)
            implements Statement {
        @Override
        public Flow execute(Frame frame) {
            return run(iterated.evaluate(frame), frame, 1);
        }

        private Flow run(Object sequence, Frame frame, int depth) {
            List<Object> values = taken(Values.list(sequence, frame.state()), frame);
            if (values.isEmpty()) {
                return otherwise.execute(frame.inner());
            }
            Loop loop = new Loop(this, frame, values, depth);
            for (; loop.index < values.size(); loop.index++) {
                frame.state().step();
                Frame inner = frame.inner();
                inner.set("loop", loop);
                target.assign(values.get(loop.index), inner);
                if (body.execute(inner) == Flow.BREAK) {
                    break;
                }
            }
            return Flow.NEXT;
        }

        private List<Object> taken(List<Object> values, Frame frame) {
            if (condition == null) {
                return values;
            }
            List<Object> taken = new ArrayList<>();
            for (Object value : values) {
                frame.state().step();
                Frame inner = frame.inner();
                target.assign(value, inner);
                if (Values.truth(condition.evaluate(inner))) {
                    taken.add(value);
                }
            }
            return taken;
        }
    }

    /** The variable {@code loop}. */
    static final class Loop implements Function {
        private final For statement;
        private final Frame outer;
        private final List<Object> values;
        private final int depth;
        private int index;
        private @Nullable Object changedLast;

        private Loop(For statement, Frame outer, List<Object> values, int depth) {
            this.statement = statement;
            this.outer = outer;
            this.values = values;
            this.depth = depth;
        }

        Object attribute(String name) {
            int size = values.size();
            return switch (name) {
                case "index" -> index + 1L;
                case "index0" -> (long) index;
                case "revindex" -> (long) size - index;
                case "revindex0" -> size - index - 1L;
                case "first" -> index == 0;
                case "last" -> index == size - 1;
                case "length" -> (long) size;
                case "depth" -> (long) depth;
                case "depth0" -> depth - 1L;
                case "previtem" ->
                        index > 0
                                ? values.get(index - 1)
                                : new Undefined("there is no previous item");
                case "nextitem" ->
                        index + 1 < size
                                ? values.get(index + 1)
                                : new Undefined("there is no next item");
                case "cycle" -> (Function) (arguments, state) -> cycle(arguments);
                case "changed" -> (Function) this::changed;
                default ->
                        new Undefined(
                                "'jinja2.runtime.LoopContext object' has no attribute '"
                                        + name
                                        + "'");
            };
        }

        private Object cycle(Arguments arguments) {
            List<Object> choices = arguments.positional();
            if (choices.isEmpty()) {
                throw TemplateException.value("no items for cycling given");
            }
            return choices.get(index % choices.size());
        }

        private Object changed(Arguments arguments, RenderState state) {
            Object now = new Tuple(arguments.positional());
            boolean changed = changedLast == null || !Comparison.equal(changedLast, now, state);
            changedLast = now;
            return changed;
        }

        /** Goes through an inner sequence with the same body. */
        @Override
        public Object call(Arguments arguments, RenderState state) {
            if (!statement.recursive) {
                throw TemplateException.value(
                        "The loop must have the 'recursive' marker to be called recursively.");
            }
            Object sequence = arguments.bind("loop", 1, "iterable").get(0);
            state.enter();
            String text = state.capture(frame -> statement.run(sequence, outer, depth + 1), outer);
            state.leave();
            return text;
        }

        @Override
        public String toString() {
            return "<LoopContext " + (index + 1) + "/" + values.size() + ">";
        }
    }
}
