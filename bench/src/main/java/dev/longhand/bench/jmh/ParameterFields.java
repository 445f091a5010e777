package dev.longhand.bench.jmh;

import dev.longhand.engine.error.InputException;

import org.openjdk.jmh.annotations.Param;

import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * The fields that JMH fills with parameters: those of a benchmark's class and its state classes.
 */
final class ParameterFields {
    private final List<Class<?>> classes = new ArrayList<>();

    private ParameterFields(Class<?> benchmark) {
        classes.add(benchmark);
        classes.addAll(List.of(benchmark.getDeclaredClasses()));
    }

    static ParameterFields of(String benchmark) {
        try {
            return new ParameterFields(Class.forName(benchmark));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Fills new instances with parameters.
     *
     * @return those that can be checked
     * @throws InputException if a value does not fit its field
     */
    List<CheckedParameters> fill(Map<String, String> values) {
        List<CheckedParameters> filled = new ArrayList<>();
        for (Class<?> each : classes) {
            List<Field> fields =
                    Arrays.stream(each.getFields())
                            .filter(field -> field.isAnnotationPresent(Param.class))
                            .toList();
            if (!fields.stream().allMatch(field -> values.containsKey(field.getName()))) {
                continue; // the benchmark's method does not take this state
            }
            try {
                if (CheckedParameters.class.isAssignableFrom(each)) {
                    Object instance = each.getDeclaredConstructor().newInstance();
                    for (Field field : fields) {
                        field.set(instance, value(field, values));
                    }
                    filled.add((CheckedParameters) instance);
                } else {
                    fields.forEach(field -> value(field, values));
                }
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(each + " cannot be filled", e);
            }
        }
        return filled;
    }

    private static Object value(Field field, Map<String, String> values) {
        String text = Objects.requireNonNull(values.get(field.getName()));
        Class<?> type = field.getType();
        try {
            if (type == int.class) {
                return Integer.valueOf(text);
            }
            if (type == double.class) {
                return Double.valueOf(text);
            }
        } catch (NumberFormatException e) {
            throw new InputException(
                    "%s must be a number, not '%s'".formatted(field.getName(), text), e);
        }
        if (type.isEnum()) {
            Object[] constants = type.getEnumConstants();
            for (Object constant : constants) {
                if (((Enum<?>) constant).name().equals(text)) {
                    return constant;
                }
            }
            throw new InputException(
                    "%s must be %s, not '%s'"
                            .formatted(
                                    field.getName(),
                                    Arrays.stream(constants)
                                            .map(Object::toString)
                                            .collect(Collectors.joining(" or ")),
                                    text));
        }
        return text;
    }
}
