package dev.longhand.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;

/** Operators of two values: numbers, or Python's meaning for texts and sequences. */
final class BinaryOperator {
    private BinaryOperator() {}

    static Object apply(String operator, Object left, Object right, RenderState state) {
        if (operator.equals("%") && left instanceof String format) {
            return PercentFormat.format(format, right, state);
        }
        Undefined.require(left);
        Undefined.require(right);
        if (PythonNumbers.isNumber(left) && PythonNumbers.isNumber(right)) {
            return PythonNumbers.apply(operator, left, right);
        }
        if (operator.equals("+")) {
            if (left instanceof String a && right instanceof String b) {
                state.requireLength((long) a.length() + b.length());
                state.textSteps((long) a.length() + b.length());
                return a.concat(b);
            }
            if (left instanceof List<?> a && right instanceof List<?> b) {
                return joined(a, b, state);
            }
            if (left instanceof Tuple a && right instanceof Tuple b) {
                return new Tuple(joined(a.items(), b.items(), state));
            }
            if (left instanceof String) {
                throw TemplateException.value(
                        "can only concatenate str (not \"%s\") to str"
                                .formatted(Values.typeName(right)));
            }
        }
        if (operator.equals("*")) {
            if (PythonNumbers.isInteger(right) && isSequence(left)) {
                return repeated(left, right, state);
            }
            if (PythonNumbers.isInteger(left) && isSequence(right)) {
                return repeated(right, left, state);
            }
        }
        throw TemplateException.value(
                "unsupported operand type(s) for %s: '%s' and '%s'"
                        .formatted(operator, Values.typeName(left), Values.typeName(right)));
    }

    private static boolean isSequence(Object value) {
        return value instanceof String || value instanceof List || value instanceof Tuple;
    }

    private static List<Object> joined(List<?> a, List<?> b, RenderState state) {
        state.steps((long) a.size() + b.size());
        List<Object> all = new ArrayList<>(a);
        all.addAll(b);
        return all;
    }

    private static Object repeated(Object value, Object times, RenderState state) {
        long count =
                PythonNumbers.integer(times).max(BigInteger.ZERO).bitLength() > 31
                        ? Integer.MAX_VALUE
                        : Math.max(0, PythonNumbers.clamped(times));
        if (value instanceof String text) {
            state.requireLength(count * text.length());
            state.textSteps(count * text.length());
            return text.repeat((int) count);
        }
        List<?> items = value instanceof Tuple tuple ? tuple.items() : (List<?>) value;
        state.steps(count * items.size());
        List<Object> all = new ArrayList<>();
        for (int i = 0; i < count && !items.isEmpty(); i++) {
            all.addAll(items);
        }
        return value instanceof Tuple ? new Tuple(all) : all;
    }
}
