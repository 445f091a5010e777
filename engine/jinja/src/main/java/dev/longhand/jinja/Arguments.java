package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Map;

/** Arguments of a call as values. */
record Arguments(List<Object> positional, Map<String, Object> keywords) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());

    static Arguments of(Object... positional) {
        return new Arguments(List.of(positional), Map.of());
    }

    /** Returns the arguments after the first {@code count}. */
    Arguments after(int count) {
        return new Arguments(positional.subList(count, positional.size()), keywords);
    }

    /**
     * Assigns the arguments to parameters.
     *
     * @param function name in errors
     * @param required how many of the parameters must be there
     */
    Bound bind(String function, int required, String... names) {
        if (positional.size() > names.length) {
            throw TemplateException.value(
                    "%s() takes %d arguments but %d were given"
                            .formatted(function, names.length, positional.size()));
        }
        @Nullable Object[] values = new @Nullable Object[names.length];
        for (int i = 0; i < positional.size(); i++) {
            values[i] = positional.get(i);
        }
        keywords.forEach(
                (name, value) -> {
                    int index = List.of(names).indexOf(name);
                    if (index < 0) {
                        throw TemplateException.value(
                                "%s() got an unexpected keyword argument '%s'"
                                        .formatted(function, name));
                    }
                    if (values[index] != null) {
                        throw TemplateException.value(
                                "%s() got multiple values for argument '%s'"
                                        .formatted(function, name));
                    }
                    values[index] = value;
                });
        for (int i = 0; i < required; i++) {
            if (values[i] == null) {
                throw TemplateException.value(
                        "%s() missing required argument: '%s'".formatted(function, names[i]));
            }
        }
        return new Bound(function, values);
    }

    /** Values by the index of their parameter. */
    static final class Bound {
        private final String function;
        private final @Nullable Object[] values;

        private Bound(String function, @Nullable Object[] values) {
            this.function = function;
            this.values = values;
        }

        /** Whether the argument is there and not None. */
        boolean has(int index) {
            return values[index] != null && values[index] != None.NONE;
        }

        Object get(int index, Object otherwise) {
            Object value = values[index];
            return value == null ? otherwise : value;
        }

        Object get(int index) {
            return get(index, None.NONE);
        }

        String text(int index, String otherwise) {
            Object value = get(index, otherwise);
            if (value instanceof String text) {
                return text;
            }
            throw TemplateException.value(
                    function + "() argument must be str, not " + Values.typeName(value));
        }

        boolean truth(int index, boolean otherwise) {
            return Values.truth(get(index, otherwise));
        }

        int integer(int index, int otherwise) {
            Object value = get(index, (long) otherwise);
            if (value instanceof Boolean || value instanceof Long) {
                return PythonNumbers.clamped(value);
            }
            throw TemplateException.value(
                    "'%s' object cannot be interpreted as an integer"
                            .formatted(Values.typeName(value)));
        }
    }
}
