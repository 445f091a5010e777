package dev.longhand.jinja;

import java.util.List;
import java.util.Map;

/** Python's comparisons of values. */
final class Comparison {
    private Comparison() {}

    static boolean equal(Object left, Object right, RenderState state) {
        state.step();
        if (PythonNumbers.isNumber(left) && PythonNumbers.isNumber(right)) {
            return compareNumbers(left, right) == 0;
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return equalItems(a, b, state);
        }
        if (left instanceof Tuple a && right instanceof Tuple b) {
            return equalItems(a.items(), b.items(), state);
        }
        if (left instanceof Map<?, ?> a && right instanceof Map<?, ?> b) {
            return a.size() == b.size()
                    && a.entrySet().stream()
                            .allMatch(
                                    entry -> {
                                        Object other = b.get(entry.getKey());
                                        return other != null
                                                && equal(entry.getValue(), other, state);
                                    });
        }
        if (left instanceof Undefined && right instanceof Undefined) {
            return true;
        }
        return left.equals(right);
    }

    private static boolean equalItems(List<?> a, List<?> b, RenderState state) {
        if (a.size() != b.size()) {
            return false;
        }
        for (int i = 0; i < a.size(); i++) {
            if (!equal(a.get(i), b.get(i), state)) {
                return false;
            }
        }
        return true;
    }

    private static int compareNumbers(Object left, Object right) {
        if (left instanceof Double || right instanceof Double) {
            double a = PythonNumbers.real(left);
            double b = PythonNumbers.real(right);
            return a == b ? 0 : a < b ? -1 : 1;
        }
        return PythonNumbers.integer(left).compareTo(PythonNumbers.integer(right));
    }

    /** Whether {@code left operator right} holds, for an operator of order. */
    static boolean ordered(String operator, Object left, Object right, RenderState state) {
        if (isNaN(left) || isNaN(right)) {
            return false;
        }
        int order = compare(operator, left, right, state);
        return switch (operator) {
            case "<" -> order < 0;
            case "<=" -> order <= 0;
            case ">" -> order > 0;
            default -> order >= 0;
        };
    }

    private static boolean isNaN(Object value) {
        return value instanceof Double number && Double.isNaN(number);
    }

    /**
     * Returns the order of two values.
     *
     * @throws TemplateException if their types have none
     */
    static int compare(Object left, Object right, RenderState state) {
        return compare("<", left, right, state);
    }

    private static int compare(String operator, Object left, Object right, RenderState state) {
        state.step();
        Undefined.require(left);
        Undefined.require(right);
        if (PythonNumbers.isNumber(left) && PythonNumbers.isNumber(right)) {
            return compareNumbers(left, right);
        }
        if (left instanceof String a && right instanceof String b) {
            return compareTexts(a, b);
        }
        if (left instanceof List<?> a && right instanceof List<?> b) {
            return compareItems(operator, a, b, state);
        }
        if (left instanceof Tuple a && right instanceof Tuple b) {
            return compareItems(operator, a.items(), b.items(), state);
        }
        throw TemplateException.value(
                "'%s' not supported between instances of '%s' and '%s'"
                        .formatted(operator, Values.typeName(left), Values.typeName(right)));
    }

    private static int compareItems(String operator, List<?> a, List<?> b, RenderState state) {
        for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
            if (!equal(a.get(i), b.get(i), state)) {
                return compare(operator, a.get(i), b.get(i), state);
            }
        }
        return Integer.compare(a.size(), b.size());
    }

    /** Orders by code points, where Java's order is by UTF-16 units. */
    private static int compareTexts(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean surrogates = Character.isSurrogate(x) && Character.isSurrogate(y);
                return surrogates || !(Character.isSurrogate(x) || Character.isSurrogate(y))
                        ? Character.compare(x, y)
                        : Boolean.compare(Character.isSurrogate(x), Character.isSurrogate(y));
            }
        }
        return Integer.compare(a.length(), b.length());
    }

    /** Whether {@code value in container} holds. */
    static boolean contains(Object container, Object value, RenderState state) {
        state.step();
        if (container instanceof Map<?, ?> map) {
            return map.containsKey(Values.requireHashable(value));
        }
        if (container instanceof String text) {
            if (!(value instanceof String part)) {
                throw TemplateException.value(
                        "'in <string>' requires string as left operand, not "
                                + Values.typeName(value));
            }
            state.textSteps(text.length());
            return text.contains(part);
        }
        if (!Values.isIterable(container)) {
            throw TemplateException.value(
                    "argument of type '%s' is not iterable".formatted(Values.typeName(container)));
        }
        for (Object item : Values.list(container, state)) {
            if (equal(item, value, state)) {
                return true;
            }
        }
        return false;
    }
}
