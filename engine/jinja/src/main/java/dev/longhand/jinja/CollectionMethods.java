package dev.longhand.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Methods of dicts and lists that change nothing; the sandbox refuses the others. */
final class CollectionMethods {
    private static final Set<String> UNSAFE_OF_DICT =
            Set.of("clear", "pop", "popitem", "setdefault", "update");
    private static final Set<String> UNSAFE_OF_LIST =
            Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

    private CollectionMethods() {}

    static Object ofDict(Map<?, ?> dict, String name) {
        if (UNSAFE_OF_DICT.contains(name)) {
            return Undefined.unsafe(dict, name);
        }
        return switch (name) {
            case "items" ->
                    (Function)
                            (arguments, state) -> {
                                arguments.bind(name, 0);
                                return new DictView("dict_items", items(dict));
                            };
            case "keys" ->
                    (Function)
                            (arguments, state) -> {
                                arguments.bind(name, 0);
                                return new DictView("dict_keys", new ArrayList<>(dict.keySet()));
                            };
            case "values" ->
                    (Function)
                            (arguments, state) -> {
                                arguments.bind(name, 0);
                                return new DictView("dict_values", new ArrayList<>(dict.values()));
                            };
            case "copy" -> (Function) (arguments, state) -> new LinkedHashMap<Object, Object>(dict);
            case "get" ->
                    (Function)
                            (arguments, state) -> {
                                Arguments.Bound bound = arguments.bind(name, 1, "key", "default");
                                Object value = dict.get(Values.requireHashable(bound.get(0)));
                                return value == null ? bound.get(1) : value;
                            };
            default -> Undefined.attribute(dict, name);
        };
    }

    /** Returns the keys of a dict with their values. */
    static List<Object> items(Map<?, ?> dict) {
        List<Object> items = new ArrayList<>(dict.size());
        dict.forEach((key, value) -> items.add(Tuple.of(key, value)));
        return items;
    }

    static Object ofList(List<?> list, String typeName, String name) {
        if (typeName.equals("list") && UNSAFE_OF_LIST.contains(name)) {
            return Undefined.unsafe(list, name);
        }
        return switch (name) {
            case "index" -> (Function) (arguments, state) -> index(list, arguments, state);
            case "count" ->
                    (Function)
                            (arguments, state) -> {
                                Object value = arguments.bind(name, 1, "value").get(0);
                                return list.stream()
                                        .filter(item -> Comparison.equal(item, value, state))
                                        .count();
                            };
            case "copy" -> (Function) (arguments, state) -> new ArrayList<Object>(list);
            default -> new Undefined("'%s object' has no attribute '%s'".formatted(typeName, name));
        };
    }

    private static Object index(List<?> list, Arguments arguments, RenderState state) {
        Object value = arguments.bind("index", 1, "value").get(0);
        for (int i = 0; i < list.size(); i++) {
            if (Comparison.equal(list.get(i), value, state)) {
                return (long) i;
            }
        }
        throw TemplateException.value(PythonText.repr(value) + " is not in list");
    }
}
