package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/** Attributes and items of values, looked up in jinja2's order. */
final class Attributes {
    private Attributes() {}

    /** Returns {@code of.name}: a method of its type first, then the key of a dict. */
    static Object attribute(Object of, String name) {
        Undefined.require(of);
        if (name.startsWith("__")) {
            return keyed(of, name, Undefined.unsafe(of, name));
        }
        Object member = member(of, name);
        return member instanceof Undefined ? keyed(of, name, member) : member;
    }

    private static Object keyed(Object of, String name, Object otherwise) {
        @Nullable Object value = of instanceof Map<?, ?> map ? map.get(name) : null;
        return value == null ? otherwise : value;
    }

    /** Returns {@code of[index]}: an item first, then an attribute. */
    static Object item(Object of, Object index, RenderState state) {
        Undefined.require(of);
        if (index instanceof Slice slice) {
            return sliced(of, slice, state);
        }
        if (of instanceof Map<?, ?> map) {
            Object value = index instanceof List || index instanceof Map ? null : map.get(index);
            if (value != null) {
                return value;
            }
        } else if (index instanceof Long || index instanceof Boolean) {
            int at = PythonNumbers.clamped(index);
            switch (of) {
                case List<?> list when isWithin(at, list.size()) -> {
                    return list.get(at < 0 ? at + list.size() : at);
                }
                case Tuple tuple when isWithin(at, tuple.items().size()) -> {
                    List<Object> items = tuple.items();
                    return items.get(at < 0 ? at + items.size() : at);
                }
                case Range range when isWithin(at, range.items().size()) -> {
                    List<Object> items = range.items();
                    return items.get(at < 0 ? at + items.size() : at);
                }
                case String text -> {
                    int size = text.codePointCount(0, text.length());
                    state.textSteps(text.length());
                    if (isWithin(at, size)) {
                        int begin = text.offsetByCodePoints(0, at < 0 ? at + size : at);
                        return Character.toString(text.codePointAt(begin));
                    }
                }
                default -> {}
            }
        }
        return index instanceof String name ? member(of, name) : Undefined.item(of, index);
    }

    private static boolean isWithin(int index, int size) {
        return index >= -size && index < size;
    }

    private static Object sliced(Object of, Slice slice, RenderState state) {
        return switch (of) {
            case String text -> slice.of(text, state);
            case List<?> list -> slice.of(Values.list(list, state), state);
            case Tuple tuple -> new Tuple(slice.of(tuple.items(), state));
            case Range range -> range.sliced(slice);
            default ->
                    throw TemplateException.value(
                            "'%s' object is not subscriptable".formatted(Values.typeName(of)));
        };
    }

    private static Object member(Object of, String name) {
        return switch (of) {
            case String text -> StringMethods.find(text, name);
            case Map<?, ?> map -> CollectionMethods.ofDict(map, name);
            case List<?> list -> CollectionMethods.ofList(list, "list", name);
            case Tuple tuple -> CollectionMethods.ofList(tuple.items(), "tuple", name);
            case Loops.Loop loop -> loop.attribute(name);
            case Namespace namespace -> {
                Object value = namespace.attributes().get(name);
                yield value == null ? Undefined.attribute(of, name) : value;
            }
            case MacroExpression.Macro macro when name.equals("name") -> macro.definition().name();
            default -> Undefined.attribute(of, name);
        };
    }
}
