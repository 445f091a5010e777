package dev.longhand.study.expression;

import java.util.List;
import java.util.Set;

/** An expression as a tree. */
sealed interface Expression {
    /** Returns the value where variables have the values of a point. */
    Complex value(Point point);

    /** Adds the names of the variables. */
    void addVariables(Set<String> names);

    /** The expressions of which it is made; none for an atom. */
    default List<Expression> parts() {
        return List.of();
    }

    /**
     * A number.
     *
     * @param decimal whether it is written with a point, so that it may be rounded
     */
    record Constant(double number, boolean decimal) implements Expression {
        @Override
        public Complex value(Point point) {
            return Complex.of(number);
        }

        @Override
        public void addVariables(Set<String> names) {}
    }

    /** The imaginary unit. */
    record Imaginary() implements Expression {
        @Override
        public Complex value(Point point) {
            return new Complex(0, 1);
        }

        @Override
        public void addVariables(Set<String> names) {}
    }

    /** A variable. */
    record Variable(String name) implements Expression {
        @Override
        public Complex value(Point point) {
            return point.of(name);
        }

        @Override
        public void addVariables(Set<String> names) {
            names.add(name);
        }
    }

    /** An operation on two expressions. */
    record Binary(Operation operation, Expression left, Expression right) implements Expression {
        @Override
        public Complex value(Point point) {
            Complex a = left.value(point);
            Complex b = right.value(point);
            return switch (operation) {
                case PLUS -> a.plus(b);
                case MINUS -> a.minus(b);
                case TIMES -> a.times(b);
                case OVER -> a.over(b);
                case POWER -> a.pow(b);
                case BINOMIAL -> a.factorial().over(b.factorial().times(a.minus(b).factorial()));
            };
        }

        @Override
        public void addVariables(Set<String> names) {
            left.addVariables(names);
            right.addVariables(names);
        }

        @Override
        public List<Expression> parts() {
            return List.of(left, right);
        }
    }

    /** The operations on two expressions. */
    enum Operation {
        PLUS,
        MINUS,
        TIMES,
        OVER,
        POWER,
        BINOMIAL
    }

    /** A known function. */
    record Application(Function function, Expression argument) implements Expression {
        @Override
        public Complex value(Point point) {
            return function.of(argument.value(point));
        }

        @Override
        public void addVariables(Set<String> names) {
            argument.addVariables(names);
        }

        @Override
        public List<Expression> parts() {
            return List.of(argument);
        }
    }

    /** A function of which only the name is known; equal arguments give equal values. */
    record Unknown(String name, List<Expression> arguments) implements Expression {
        public Unknown {
            arguments = List.copyOf(arguments);
        }

        @Override
        public Complex value(Point point) {
            Complex sum = point.of(name);
            for (int i = 0; i < arguments.size(); i++) {
                Complex argument = arguments.get(i).value(point);
                Complex factor = point.of(name + i);
                sum = sum.plus(argument.times(factor)).plus(argument.plus(factor).sin());
            }
            return sum;
        }

        @Override
        public void addVariables(Set<String> names) {
            names.add(name + "()");
            arguments.forEach(each -> each.addVariables(names));
        }

        @Override
        public List<Expression> parts() {
            return arguments;
        }
    }
}
