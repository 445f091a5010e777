package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.Map;

/** Filters by name. */
final class Filters {
    private static final Map<String, Filter> FILTERS = new HashMap<>();

    static {
        FILTERS.putAll(TextFilters.filters());
        FILTERS.putAll(SequenceFilters.filters());
        FILTERS.putAll(SelectionFilters.filters());
        FILTERS.putAll(NumberFilters.filters());
        FILTERS.put("tojson", JsonText::filter);
        FILTERS.put("default", Filters::defaulted);
        FILTERS.put("d", Filters::defaulted);
        FILTERS.put("attr", Filters::attribute);
    }

    private Filters() {}

    /** Returns the filter of a name, or null. */
    static @Nullable Filter find(String name) {
        return FILTERS.get(name);
    }

    /** Returns the filter of a name that a template computes. */
    static Filter require(Object name) {
        Filter filter = FILTERS.get(PythonText.text(name));
        if (filter == null) {
            throw TemplateException.value("No filter named " + PythonText.repr(name) + ".");
        }
        return filter;
    }

    private static Object defaulted(Object value, Arguments arguments, RenderState state) {
        Arguments.Bound bound = arguments.bind("default", 0, "default_value", "boolean");
        boolean absent =
                value instanceof Undefined || (bound.truth(1, false) && !Values.truth(value));
        return absent ? bound.get(0, "") : value;
    }

    private static Object attribute(Object value, Arguments arguments, RenderState state) {
        String name = arguments.bind("attr", 1, "name").text(0, "");
        Undefined.require(value);
        Object found = Attributes.attribute(value, name);
        boolean isKey = value instanceof Map<?, ?> map && map.containsKey(name);
        return isKey && !(found instanceof Function) ? Undefined.attribute(value, name) : found;
    }
}
