package dev.longhand.study.expression;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Writes expressions in the syntax of Mathematica, which Symja reads. Variables and unknown
 * functions get names of their own, so that no name has a meaning there.
 */
final class AlgebraText {
    private final Map<String, String> names = new HashMap<>();

    String of(Expression expression) {
        return switch (expression) {
            case Expression.Constant constant -> number(constant.number());
            case Expression.Imaginary _ -> "I";
            case Expression.Variable variable -> name(variable.name());
            case Expression.Binary binary -> binary(binary);
            case Expression.Application application ->
                    call(function(application.function()), List.of(application.argument()));
            case Expression.Unknown unknown ->
                    call(name(unknown.name() + "()"), unknown.arguments());
        };
    }

    /** An exact number: Symja takes one with a point for a rounded one. */
    private static String number(double number) {
        if (number == Math.PI) {
            return "Pi";
        }
        if (number == Math.E) {
            return "E";
        }
        BigDecimal exact = new BigDecimal(Double.toString(number)).stripTrailingZeros();
        return exact.scale() <= 0
                ? "(%s)".formatted(exact.toBigInteger())
                : "(%s/10^%d)".formatted(exact.unscaledValue(), exact.scale());
    }

    private String name(String variable) {
        return names.computeIfAbsent(variable, key -> "v" + names.size());
    }

    private String binary(Expression.Binary binary) {
        String sign =
                switch (binary.operation()) {
                    case PLUS -> "+";
                    case MINUS -> "-";
                    case TIMES -> "*";
                    case OVER -> "/";
                    case POWER -> "^";
                    case BINOMIAL -> ",";
                };
        String both = "(%s)%s(%s)".formatted(of(binary.left()), sign, of(binary.right()));
        return sign.equals(",") ? "Binomial[" + both + "]" : "(" + both + ")";
    }

    private String call(String function, List<Expression> arguments) {
        return arguments.stream()
                .map(this::of)
                .collect(Collectors.joining(",", function + "[", "]"));
    }

    private static String function(Function function) {
        return switch (function) {
            case SIN -> "Sin";
            case COS -> "Cos";
            case TAN -> "Tan";
            case COT -> "Cot";
            case SEC -> "Sec";
            case CSC -> "Csc";
            case SINH -> "Sinh";
            case COSH -> "Cosh";
            case TANH -> "Tanh";
            case ARCSIN -> "ArcSin";
            case ARCCOS -> "ArcCos";
            case ARCTAN -> "ArcTan";
            case EXP -> "Exp";
            case LN -> "Log";
            case LG, LOG -> "Log10";
            case SQRT -> "Sqrt";
            case ABS -> "Abs";
            case FLOOR -> "Floor";
            case CEILING -> "Ceiling";
            case FACTORIAL -> "Factorial";
            case CONJUGATE -> "Conjugate";
            case NEGATION -> "Minus";
        };
    }
}
