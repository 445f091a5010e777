package dev.longhand.jinja;

import org.jspecify.annotations.Nullable;

import java.math.BigInteger;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tests that templates apply with {@code is}. */
final class ValueTests {
    private static final Map<String, ValueTest> TESTS =
            Map.ofEntries(
                    Map.entry("defined", (value, arguments, state) -> isDefined(value)),
                    Map.entry("undefined", (value, arguments, state) -> !isDefined(value)),
                    Map.entry("none", (value, arguments, state) -> value == None.NONE),
                    Map.entry("boolean", (value, arguments, state) -> value instanceof Boolean),
                    Map.entry("true", (value, arguments, state) -> value.equals(true)),
                    Map.entry("false", (value, arguments, state) -> value.equals(false)),
                    Map.entry("integer", (value, arguments, state) -> isWhole(value)),
                    Map.entry("float", (value, arguments, state) -> value instanceof Double),
                    Map.entry("number", (value, arguments, state) -> PythonNumbers.isNumber(value)),
                    Map.entry("string", (value, arguments, state) -> value instanceof String),
                    Map.entry("mapping", (value, arguments, state) -> value instanceof Map),
                    Map.entry("sequence", (value, arguments, state) -> isSequence(value)),
                    Map.entry("iterable", (value, arguments, state) -> Values.isIterable(value)),
                    Map.entry("callable", (value, arguments, state) -> value instanceof Function),
                    Map.entry("sameas", ValueTests::isSame),
                    Map.entry("escaped", (value, arguments, state) -> false),
                    Map.entry("lower", (value, arguments, state) -> isLower(value)),
                    Map.entry("upper", (value, arguments, state) -> isUpper(value)),
                    Map.entry("odd", (value, arguments, state) -> remainder(value, 2L) == 1),
                    Map.entry("even", (value, arguments, state) -> remainder(value, 2L) == 0),
                    Map.entry("divisibleby", ValueTests::isDivisible),
                    Map.entry("in", ValueTests::isIn),
                    Map.entry("filter", (value, arguments, state) -> isFilter(value)),
                    Map.entry("test", (value, arguments, state) -> isTest(value)),
                    Map.entry("eq", ValueTests::isEqual),
                    Map.entry("equalto", ValueTests::isEqual),
                    Map.entry("ne", (value, arguments, state) -> !isEqual(value, arguments, state)),
                    Map.entry("lt", order("<")),
                    Map.entry("lessthan", order("<")),
                    Map.entry("le", order("<=")),
                    Map.entry("gt", order(">")),
                    Map.entry("greaterthan", order(">")),
                    Map.entry("ge", order(">=")));

    private ValueTests() {}

    /** Returns the test of a name, or null. */
    static @Nullable ValueTest find(String name) {
        return TESTS.get(name);
    }

    /** Returns the test of a name that a template computes; signs of comparison are names, too. */
    static ValueTest require(Object name) {
        ValueTest test =
                switch (PythonText.text(name)) {
                    case "==" -> TESTS.get("eq");
                    case "!=" -> TESTS.get("ne");
                    case "<" -> TESTS.get("lt");
                    case "<=" -> TESTS.get("le");
                    case ">" -> TESTS.get("gt");
                    case ">=" -> TESTS.get("ge");
                    default -> TESTS.get(PythonText.text(name));
                };
        if (test == null) {
            throw TemplateException.value("No test named " + PythonText.repr(name) + ".");
        }
        return test;
    }

    private static boolean isDefined(Object value) {
        return !(value instanceof Undefined);
    }

    private static boolean isWhole(Object value) {
        return value instanceof Long || value instanceof BigInteger;
    }

    private static boolean isSequence(Object value) {
        return value instanceof String
                || value instanceof List
                || value instanceof Map
                || value instanceof Tuple
                || value instanceof Range
                || value instanceof Undefined;
    }

    private static boolean isSame(Object value, Arguments arguments, RenderState state) {
        Object other = arguments.bind("sameas", 1, "other").get(0);
        return other.equals(value) && !(value instanceof List) && !(value instanceof Map);
    }

    private static boolean isLower(Object value) {
        return LetterCase.isLower(PythonText.text(value));
    }

    private static boolean isUpper(Object value) {
        return LetterCase.isUpper(PythonText.text(value));
    }

    private static double remainder(Object value, Object divisor) {
        Undefined.require(value);
        if (!PythonNumbers.isNumber(value) || !PythonNumbers.isNumber(divisor)) {
            throw TemplateException.value(
                    "unsupported operand type(s) for %%: '%s' and '%s'"
                            .formatted(Values.typeName(value), Values.typeName(divisor)));
        }
        return PythonNumbers.real(PythonNumbers.apply("%", value, divisor));
    }

    private static boolean isDivisible(Object value, Arguments arguments, RenderState state) {
        return remainder(value, arguments.bind("divisibleby", 1, "num").get(0)) == 0;
    }

    private static boolean isIn(Object value, Arguments arguments, RenderState state) {
        return Comparison.contains(arguments.bind("in", 1, "seq").get(0), value, state);
    }

    private static boolean isFilter(Object value) {
        return value instanceof String name && Filters.find(name) != null;
    }

    private static boolean isTest(Object value) {
        return value instanceof String name && find(name.toLowerCase(Locale.ROOT)) != null;
    }

    private static boolean isEqual(Object value, Arguments arguments, RenderState state) {
        return Comparison.equal(value, arguments.bind("eq", 1, "other").get(0), state);
    }

    private static ValueTest order(String operator) {
        return (value, arguments, state) ->
                Comparison.ordered(
                        operator, value, arguments.bind("order", 1, "other").get(0), state);
    }
}
