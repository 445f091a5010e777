package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Values of templates. Python's int is a {@code Long}, or a {@code BigInteger} beyond it; float is
 * {@code Double}, str {@code String}, bool {@code Boolean}, list {@code List}, dict {@code Map};
 * further types are {@link None}, {@link Tuple}, {@link Range}, {@link DictView}, {@link
 * Generator}, {@link Namespace}, {@link Function} and {@link Undefined}.
 */
final class Values {
    private Values() {}

    /** Copies a value of the embedding program. */
    static Object of(@Nullable Object value) {
        return switch (value) {
            case null -> None.NONE;
            case String text -> text;
            case Boolean truth -> truth;
            case Double number -> number;
            case Float number -> (double) number;
            case BigInteger number -> PythonNumbers.normal(number);
            case BigDecimal number -> number.doubleValue();
            case Number number -> number.longValue();
            case Map<?, ?> map -> {
                Map<Object, Object> dict = LinkedHashMap.newLinkedHashMap(map.size());
                map.forEach((key, item) -> dict.put(of(key), of(item)));
                yield dict;
            }
            case Iterable<?> items -> {
                List<Object> list = new ArrayList<>();
                items.forEach(item -> list.add(of(item)));
                yield list;
            }
            default -> value.toString();
        };
    }

    static boolean truth(Object value) {
        return switch (value) {
            case Boolean truth -> truth;
            case String text -> !text.isEmpty();
            case List<?> list -> !list.isEmpty();
            case Map<?, ?> map -> !map.isEmpty();
            case Long number -> number != 0;
            case Double number -> number != 0;
            case Tuple tuple -> !tuple.items().isEmpty();
            case Range range -> !range.items().isEmpty();
            case DictView view -> !view.items().isEmpty();
            case None none -> false;
            case Undefined undefined -> false;
            default -> true;
        };
    }

    /** Returns the name of a value's type in Python. */
    static String typeName(Object value) {
        return switch (value) {
            case String text -> "str";
            case Boolean truth -> "bool";
            case Long number -> "int";
            case BigInteger number -> "int";
            case Double number -> "float";
            case None none -> "NoneType";
            case List<?> list -> "list";
            case Map<?, ?> map -> "dict";
            case Tuple tuple -> "tuple";
            case Range range -> "range";
            case Slice slice -> "slice";
            case DictView view -> view.typeName();
            case Generator generator -> "generator";
            case Namespace namespace -> "Namespace";
            case MacroExpression.Macro macro -> "Macro";
            case Loops.Loop loop -> "LoopContext";
            case Undefined undefined -> "Undefined";
            default -> "function";
        };
    }

    /** Whether Python can iterate over the value. */
    static boolean isIterable(Object value) {
        return value instanceof String
                || value instanceof List
                || value instanceof Map
                || value instanceof Tuple
                || value instanceof Range
                || value instanceof DictView
                || value instanceof Generator
                || value instanceof Undefined
                || value instanceof Loops.Loop;
    }

    /** Returns the values that Python's iteration gives. */
    static List<Object> list(Object value, RenderState state) {
        List<Object> values = new ArrayList<>();
        switch (value) {
            case List<?> list -> values.addAll(list);
            case Tuple tuple -> values.addAll(tuple.items());
            case Range range -> values.addAll(range.items());
            case DictView view -> values.addAll(view.items());
            case Map<?, ?> map -> values.addAll(map.keySet());
            case Generator generator -> generator.rest().forEachRemaining(values::add);
            case String text ->
                    text.codePoints().forEach(point -> values.add(Character.toString(point)));
            case Undefined undefined -> {}
            default ->
                    throw TemplateException.value(
                            "'%s' object is not iterable".formatted(typeName(value)));
        }
        state.steps(values.size());
        return values;
    }

    /** Returns Python's len. */
    static long length(Object value) {
        return switch (value) {
            case String text -> text.codePointCount(0, text.length());
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case Tuple tuple -> tuple.items().size();
            case Range range -> range.items().size();
            case DictView view -> view.items().size();
            case Undefined undefined -> 0;
            default ->
                    throw TemplateException.value(
                            "object of type '%s' has no len()".formatted(typeName(value)));
        };
    }

    /** Calls a value. */
    static Object call(Object function, Arguments arguments, RenderState state) {
        Undefined.require(function);
        if (function instanceof Function callable) {
            return callable.call(arguments, state);
        }
        throw TemplateException.value("'%s' object is not callable".formatted(typeName(function)));
    }

    /** Returns a value that may be the key of a dict. */
    static Object requireHashable(Object key) {
        if (key instanceof List || key instanceof Map) {
            throw TemplateException.value("unhashable type: '" + typeName(key) + "'");
        }
        return key;
    }
}
