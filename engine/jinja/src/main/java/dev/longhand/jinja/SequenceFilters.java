package dev.longhand.jinja;

import dev.longhand.jinja.Arguments.Bound;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Filters of whole sequences. */
final class SequenceFilters {
    private SequenceFilters() {}

    static Map<String, Filter> filters() {
        return Map.ofEntries(
                Map.entry("length", SequenceFilters::length),
                Map.entry("count", SequenceFilters::length),
                Map.entry("list", SequenceFilters::list),
                Map.entry("items", SequenceFilters::items),
                Map.entry("first", SequenceFilters::first),
                Map.entry("last", SequenceFilters::last),
                Map.entry("join", SequenceFilters::join),
                Map.entry("reverse", SequenceFilters::reverse),
                Map.entry("sort", SequenceFilters::sort),
                Map.entry("dictsort", SequenceFilters::dictSort),
                Map.entry("unique", SequenceFilters::unique),
                Map.entry("min", (value, arguments, state) -> extreme(value, arguments, -1, state)),
                Map.entry("max", (value, arguments, state) -> extreme(value, arguments, 1, state)),
                Map.entry("sum", SequenceFilters::sum),
                Map.entry("batch", SequenceFilters::batch),
                Map.entry("slice", SequenceFilters::slice),
                Map.entry("groupby", SequenceFilters::groupBy));
    }

    private static Object length(Object value, Arguments arguments, RenderState state) {
        arguments.bind("length", 0);
        return Values.length(value);
    }

    private static Object list(Object value, Arguments arguments, RenderState state) {
        arguments.bind("list", 0);
        return Values.list(value, state);
    }

    private static Object items(Object value, Arguments arguments, RenderState state) {
        arguments.bind("items", 0);
        if (value instanceof Undefined) {
            return new Generator(List.of());
        }
        if (!(value instanceof Map<?, ?> map)) {
            throw TemplateException.value("Can only get item pairs from a mapping.");
        }
        state.steps(map.size());
        return new Generator(CollectionMethods.items(map));
    }

    private static Object first(Object value, Arguments arguments, RenderState state) {
        arguments.bind("first", 0);
        List<Object> values = Values.list(value, state);
        return values.isEmpty()
                ? new Undefined("No first item, sequence was empty.")
                : values.getFirst();
    }

    private static Object last(Object value, Arguments arguments, RenderState state) {
        arguments.bind("last", 0);
        if (value instanceof Generator || value instanceof Undefined) {
            throw TemplateException.value(
                    "'%s' object is not reversible".formatted(Values.typeName(value)));
        }
        List<Object> values = Values.list(value, state);
        return values.isEmpty()
                ? new Undefined("No last item, sequence was empty.")
                : values.getLast();
    }

    private static Object join(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("join", 0, "d", "attribute");
        String separator = PythonText.text(bound.get(0, ""));
        StringBuilder out = new StringBuilder();
        String before = "";
        for (Object item : Values.list(value, state)) {
            String text = PythonText.text(AttributePath.of(bound.get(1)).get(item, state));
            state.requireLength((long) out.length() + before.length() + text.length());
            state.textSteps(text.length());
            out.append(before).append(text);
            before = separator;
        }
        return out.toString();
    }

    private static Object reverse(Object value, Arguments arguments, RenderState state) {
        arguments.bind("reverse", 0);
        if (value instanceof String text) {
            state.textSteps(text.length());
            return new StringBuilder(text).reverse().toString();
        }
        List<Object> values = Values.list(value, state);
        Collections.reverse(values);
        return new Generator(values);
    }

    private static Object sort(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
        List<Object> values = Values.list(value, state);
        List<AttributePath> paths = AttributePath.several(bound.get(2));
        boolean caseSensitive = bound.truth(1, false);
        Comparator<Object> order =
                (a, b) -> {
                    for (AttributePath path : paths) {
                        Object x = key(path.get(a, state), caseSensitive);
                        Object y = key(path.get(b, state), caseSensitive);
                        int compared = Comparison.compare(x, y, state);
                        if (compared != 0) {
                            return compared;
                        }
                    }
                    return 0;
                };
        values.sort(bound.truth(0, false) ? order.reversed() : order);
        return values;
    }

    private static Object key(Object value, boolean caseSensitive) {
        return value instanceof String text && !caseSensitive
                ? text.toLowerCase(Locale.ROOT)
                : value;
    }

    private static Object dictSort(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
        if (!(value instanceof Map<?, ?> map)) {
            throw TemplateException.value("dictsort needs a mapping");
        }
        boolean caseSensitive = bound.truth(0, false);
        int part =
                switch (bound.text(1, "key")) {
                    case "key" -> 0;
                    case "value" -> 1;
                    default ->
                            throw TemplateException.value(
                                    "You can only sort by either \"key\" or \"value\"");
                };
        List<Object> items = CollectionMethods.items(map);
        state.steps(items.size());
        Comparator<Object> order =
                (a, b) ->
                        Comparison.compare(
                                key(((Tuple) a).items().get(part), caseSensitive),
                                key(((Tuple) b).items().get(part), caseSensitive),
                                state);
        items.sort(bound.truth(2, false) ? order.reversed() : order);
        return items;
    }

    private static Object unique(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
        AttributePath path = AttributePath.of(bound.get(1));
        Set<Object> seen = new HashSet<>();
        List<Object> values = new ArrayList<>();
        for (Object item : Values.list(value, state)) {
            Object key = key(path.get(item, state), bound.truth(0, false));
            if (seen.add(Values.requireHashable(key))) {
                values.add(item);
            }
        }
        return new Generator(values);
    }

    private static Object extreme(Object value, Arguments arguments, int sign, RenderState state) {
        Bound bound = arguments.bind("min", 0, "case_sensitive", "attribute");
        AttributePath path = AttributePath.of(bound.get(1));
        boolean caseSensitive = bound.truth(0, false);
        List<Object> values = Values.list(value, state);
        if (values.isEmpty()) {
            return new Undefined("No aggregated item, sequence was empty.");
        }
        Object best = values.getFirst();
        for (Object item : values) {
            int order =
                    Comparison.compare(
                            key(path.get(item, state), caseSensitive),
                            key(path.get(best, state), caseSensitive),
                            state);
            best = order * sign > 0 ? item : best;
        }
        return best;
    }

    private static Object sum(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("sum", 0, "attribute", "start");
        AttributePath path = AttributePath.of(bound.get(0));
        Object sum = bound.get(1, 0L);
        for (Object item : Values.list(value, state)) {
            sum = BinaryOperator.apply("+", sum, path.get(item, state), state);
        }
        return sum;
    }

    private static Object batch(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("batch", 1, "linecount", "fill_with");
        int size = Math.max(1, bound.integer(0, 1));
        List<Object> values = Values.list(value, state);
        List<Object> batches = new ArrayList<>();
        for (int i = 0; i < values.size(); i += size) {
            List<Object> batch =
                    new ArrayList<>(
                            values.subList(i, (int) Math.min(values.size(), (long) i + size)));
            for (; bound.has(1) && batch.size() < size; state.step()) {
                batch.add(bound.get(1));
            }
            batches.add(batch);
        }
        return new Generator(batches);
    }

    private static Object slice(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("slice", 1, "slices", "fill_with");
        int count = Math.max(1, bound.integer(0, 1));
        List<Object> values = Values.list(value, state);
        int size = values.size() / count;
        int longer = values.size() % count;
        List<Object> slices = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < count; i++) {
            state.step();
            int end = at + size + (i < longer ? 1 : 0);
            List<Object> slice = new ArrayList<>(values.subList(at, end));
            if (bound.has(1) && longer > 0 && i >= longer) {
                slice.add(bound.get(1));
            }
            slices.add(slice);
            at = end;
        }
        return new Generator(slices);
    }

    private static Object groupBy(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
        AttributePath path = AttributePath.of(bound.get(0)).orElse(bound.get(1));
        boolean caseSensitive = bound.truth(2, false);
        List<Object> values = Values.list(value, state);
        values.sort(
                (a, b) ->
                        Comparison.compare(
                                key(path.get(a, state), caseSensitive),
                                key(path.get(b, state), caseSensitive),
                                state));
        Map<Object, List<Object>> groups = new LinkedHashMap<>();
        Map<Object, Object> names = new LinkedHashMap<>();
        for (Object item : values) {
            Object own = path.get(item, state);
            Object key = Values.requireHashable(key(own, caseSensitive));
            names.putIfAbsent(key, own);
            groups.computeIfAbsent(key, absent -> new ArrayList<>()).add(item);
        }
        List<Object> result = new ArrayList<>();
        names.forEach(
                (key, name) -> result.add(Tuple.of(name, groups.getOrDefault(key, List.of()))));
        return result;
    }
}
