package dev.longhand.study.expression;

import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The functions of one argument that LaTeX has commands for. */
enum Function {
    SIN("sin", Complex::sin),
    COS("cos", Complex::cos),
    TAN("tan", z -> z.sin().over(z.cos())),
    COT("cot", z -> z.cos().over(z.sin())),
    SEC("sec", z -> Complex.ONE.over(z.cos())),
    CSC("csc", z -> Complex.ONE.over(z.sin())),
    SINH("sinh", Complex::sinh),
    COSH("cosh", Complex::cosh),
    TANH("tanh", z -> z.sinh().over(z.cosh())),
    ARCSIN("arcsin", Complex::asin),
    ARCCOS("arccos", z -> Complex.of(Math.PI / 2).minus(z.asin())),
    ARCTAN("arctan", Complex::atan),
    EXP("exp", Complex::exp),
    LN("ln", Complex::log),
    LG("lg", z -> z.log().times(1 / Math.log(10))),
    LOG("log", z -> z.log().times(1 / Math.log(10))),
    SQRT("sqrt", Complex::sqrt),
    ABS("abs", z -> Complex.of(z.abs())),
    FLOOR("floor", z -> Complex.of(Math.floor(z.re()))),
    CEILING("ceil", z -> Complex.of(Math.ceil(z.re()))),
    FACTORIAL("factorial", Complex::factorial),
    CONJUGATE("conjugate", z -> new Complex(z.re(), -z.im())),
    NEGATION("negation", Complex::negate);

    /** The functions that are written as a command before their argument. */
    static final Map<String, Function> COMMANDS =
            Stream.of(values())
                    .filter(each -> each.compareTo(SQRT) < 0)
                    .collect(Collectors.toUnmodifiableMap(each -> each.command, each -> each));

    /** The inverse of a function that is written as a power of -1. */
    static final Map<Function, Function> INVERSES = Map.of(SIN, ARCSIN, COS, ARCCOS, TAN, ARCTAN);

    private final String command;

    @SuppressWarnings("ImmutableEnumChecker") // the functions have no state
    private final UnaryOperator<Complex> function;

    Function(String command, UnaryOperator<Complex> function) {
        this.command = command;
        this.function = function;
    }

    Complex of(Complex argument) {
        return function.apply(argument);
    }
}
