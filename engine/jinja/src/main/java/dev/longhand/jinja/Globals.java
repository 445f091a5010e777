package dev.longhand.jinja;

import java.time.ZonedDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Functions that every template has. */
final class Globals {
    /** Limit for a range, that of jinja2's sandbox. */
    private static final int RANGE_MAX = 100_000;

    private Globals() {}

    static void define(Frame frame) {
        frame.set("namespace", (Function) Namespace::create);
        frame.set("range", (Function) Globals::range);
        frame.set("dict", (Function) Globals::dict);
        frame.set("joiner", (Function) Globals::joiner);
        frame.set("cycler", (Function) Globals::cycler);
        frame.set("raise_exception", (Function) Globals::raise);
        frame.set("strftime_now", (Function) Globals::now);
    }

    private static Object raise(Arguments arguments, RenderState state) {
        Object message = arguments.bind("raise_exception", 1, "message").get(0);
        throw new TemplateException(TemplateException.Kind.RAISED, PythonText.text(message));
    }

    private static Object now(Arguments arguments, RenderState state) {
        String format = arguments.bind("strftime_now", 1, "format").text(0, "");
        return TimeFormat.format(format, ZonedDateTime.now(state.clock()));
    }

    private static Object range(Arguments arguments, RenderState state) {
        Arguments.Bound bound = arguments.bind("range", 1, "start", "stop", "step");
        long first = bound.has(1) ? bound.integer(0, 0) : 0;
        long end = bound.has(1) ? bound.integer(1, 0) : bound.integer(0, 0);
        long step = bound.integer(2, 1);
        if (step == 0) {
            throw TemplateException.value("range() arg 3 must not be zero");
        }
        long count = Math.max(0, Math.ceilDiv(end - first, step));
        if (count > RANGE_MAX) {
            throw TemplateException.limit(
                    "Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
        }
        state.steps(count);
        return Range.of(first, end, step);
    }

    private static Object dict(Arguments arguments, RenderState state) {
        Map<Object, Object> dict = new LinkedHashMap<>();
        for (Object argument : arguments.positional()) {
            dict.putAll(dictOf(argument, state));
        }
        dict.putAll(arguments.keywords());
        return dict;
    }

    /** Returns a dict of another, or of pairs. */
    static Map<Object, Object> dictOf(Object value, RenderState state) {
        if (value instanceof Map<?, ?> map) {
            return new LinkedHashMap<>(map);
        }
        Map<Object, Object> dict = new LinkedHashMap<>();
        for (Object pair : Values.list(value, state)) {
            List<Object> parts = Values.list(pair, state);
            if (parts.size() != 2) {
                throw TemplateException.value("a dict is made of pairs");
            }
            dict.put(Values.requireHashable(parts.get(0)), parts.get(1));
        }
        return dict;
    }

    private static Object joiner(Arguments arguments, RenderState state) {
        String separator = arguments.bind("joiner", 0, "sep").text(0, ", ");
        boolean[] used = {false};
        return (Function)
                (none, inner) -> {
                    String text = used[0] ? separator : "";
                    used[0] = true;
                    return text;
                };
    }

    private static Object cycler(Arguments arguments, RenderState state) {
        List<Object> items = arguments.positional();
        if (items.isEmpty()) {
            throw TemplateException.value("at least one item has to be provided");
        }
        int[] at = {0};
        Function next =
                (none, inner) -> {
                    Object item = items.get(at[0]);
                    at[0] = (at[0] + 1) % items.size();
                    return item;
                };
        Function reset =
                (none, inner) -> {
                    at[0] = 0;
                    return None.NONE;
                };
        return new Namespace(new LinkedHashMap<>(Map.of("next", next, "reset", reset)));
    }
}
