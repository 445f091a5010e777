package dev.longhand.jinja;

import dev.longhand.jinja.Arguments.Bound;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;

/** Filters of numbers. */
final class NumberFilters {
    private NumberFilters() {}

    static Map<String, Filter> filters() {
        return Map.of(
                "int", NumberFilters::integer,
                "float", NumberFilters::real,
                "abs", NumberFilters::absolute,
                "round", NumberFilters::rounded);
    }

    private static Object integer(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("int", 0, "default", "base");
        Object otherwise = bound.get(0, 0L);
        if (value instanceof Double number) {
            return Double.isFinite(number)
                    ? PythonNumbers.normal(FloatFormat.truncated(number))
                    : otherwise;
        }
        if (PythonNumbers.isInteger(value)) {
            return PythonNumbers.normal(PythonNumbers.integer(value));
        }
        if (!(value instanceof String text)) {
            Undefined.require(value);
            return otherwise;
        }
        String digits = PythonText.strip(text, true, true).replace("_", "");
        state.textSteps(digits.length());
        try {
            int base = bound.integer(1, 10);
            String prefix = base == 16 ? "0x" : base == 8 ? "0o" : base == 2 ? "0b" : " ";
            String plain =
                    digits.startsWith(prefix) || digits.startsWith(prefix.toUpperCase(Locale.ROOT))
                            ? digits.substring(2)
                            : digits;
            return PythonNumbers.normal(new BigInteger(plain, base));
        } catch (NumberFormatException e) {
            Object number = parsed(digits);
            return number instanceof Double parsed && Double.isFinite(parsed)
                    ? PythonNumbers.normal(FloatFormat.truncated(parsed))
                    : otherwise;
        }
    }

    private static Object real(Object value, Arguments arguments, RenderState state) {
        Object otherwise = arguments.bind("float", 0, "default").get(0, 0.0);
        if (PythonNumbers.isNumber(value)) {
            return PythonNumbers.real(value);
        }
        if (value instanceof String text) {
            state.textSteps(text.length());
            Object number = parsed(PythonText.strip(text, true, true));
            return number == None.NONE ? otherwise : number;
        }
        Undefined.require(value);
        return otherwise;
    }

    private static Object parsed(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        switch (lower) {
            case "inf", "+inf", "infinity" -> {
                return Double.POSITIVE_INFINITY;
            }
            case "-inf", "-infinity" -> {
                return Double.NEGATIVE_INFINITY;
            }
            case "nan" -> {
                return Double.NaN;
            }
            default -> {}
        }
        if (!lower.matches("[+-]?(\\d+\\.?\\d*|\\.\\d+)(e[+-]?\\d+)?")) {
            return None.NONE;
        }
        return Double.valueOf(lower);
    }

    private static Object absolute(Object value, Arguments arguments, RenderState state) {
        arguments.bind("abs", 0);
        Undefined.require(value);
        if (value instanceof Double number) {
            return Math.abs(number);
        }
        if (PythonNumbers.isInteger(value)) {
            return PythonNumbers.normal(PythonNumbers.integer(value).abs());
        }
        throw TemplateException.value(
                "bad operand type for abs(): '%s'".formatted(Values.typeName(value)));
    }

    private static Object rounded(Object value, Arguments arguments, RenderState state) {
        Bound bound = arguments.bind("round", 0, "precision", "method");
        Undefined.require(value);
        if (!PythonNumbers.isNumber(value)) {
            throw TemplateException.value(
                    "type %s doesn't define __round__ method".formatted(Values.typeName(value)));
        }
        int precision = Math.clamp(bound.integer(0, 0), -400, 400);
        String method = bound.text(1, "common");
        double number = PythonNumbers.real(value);
        if (method.equals("common")) {
            if (PythonNumbers.isInteger(value)) {
                BigDecimal whole = new BigDecimal(PythonNumbers.integer(value));
                return PythonNumbers.normal(
                        whole.setScale(Math.min(0, precision), RoundingMode.HALF_EVEN)
                                .toBigInteger());
            }
            return Double.isFinite(number)
                    ? new BigDecimal(number)
                            .setScale(precision, RoundingMode.HALF_EVEN)
                            .doubleValue()
                    : number;
        }
        double factor = Math.pow(10, precision);
        return switch (method) {
            case "ceil" -> Math.ceil(number * factor) / factor;
            case "floor" -> Math.floor(number * factor) / factor;
            default -> throw TemplateException.value("method must be common, ceil or floor");
        };
    }
}
