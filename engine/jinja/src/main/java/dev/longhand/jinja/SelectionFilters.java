package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Filters that apply a test or a filter to each value of a sequence. */
final class SelectionFilters {
    private SelectionFilters() {}

    static Map<String, Filter> filters() {
        return Map.of(
                "map", SelectionFilters::map,
                "select", selection(false, true),
                "reject", selection(false, false),
                "selectattr", selection(true, true),
                "rejectattr", selection(true, false));
    }

    private static Object map(Object value, Arguments arguments, RenderState state) {
        List<Object> mapped = new ArrayList<>();
        if (arguments.positional().isEmpty() && arguments.keywords().containsKey("attribute")) {
            Arguments.Bound bound = arguments.bind("map", 0, "attribute", "default");
            AttributePath path = AttributePath.of(bound.get(0)).orElse(bound.get(1));
            for (Object item : Values.list(value, state)) {
                mapped.add(path.get(item, state));
            }
            return new Generator(mapped);
        }
        if (arguments.positional().isEmpty()) {
            throw TemplateException.value("map requires a filter argument");
        }
        Filter filter = Filters.require(arguments.positional().getFirst());
        Arguments rest = arguments.after(1);
        for (Object item : Values.list(value, state)) {
            mapped.add(filter.apply(item, rest, state));
        }
        return new Generator(mapped);
    }

    private static Filter selection(boolean byAttribute, boolean kept) {
        return (value, arguments, state) -> {
            int own = byAttribute ? 1 : 0;
            List<Object> positional = arguments.positional();
            if (positional.size() < own) {
                throw TemplateException.value("Missing parameter for attribute name");
            }
            AttributePath path = AttributePath.of(own == 0 ? None.NONE : positional.getFirst());
            boolean tested = positional.size() > own;
            ValueTest test =
                    tested
                            ? ValueTests.require(positional.get(own))
                            : (item, none, inner) -> Values.truth(item);
            Arguments rest = tested ? arguments.after(own + 1) : Arguments.NONE;
            List<Object> selected = new ArrayList<>();
            for (Object item : Values.list(value, state)) {
                if (test.holds(path.get(item, state), rest, state) == kept) {
                    selected.add(item);
                }
            }
            return new Generator(selected);
        };
    }
}
