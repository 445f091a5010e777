package dev.longhand.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;

/** Python's numbers: unbounded int, float, and bool as 0 and 1. */
final class PythonNumbers {
    /** Limit for an int, so that no power fills the heap. */
    private static final int BITS_MAX = 1 << 14;

    private PythonNumbers() {}

    static boolean isNumber(Object value) {
        return isInteger(value) || value instanceof Double;
    }

    static boolean isInteger(Object value) {
        return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
    }

    static BigInteger integer(Object value) {
        return switch (value) {
            case BigInteger number -> number;
            case Boolean truth -> truth ? BigInteger.ONE : BigInteger.ZERO;
            default -> BigInteger.valueOf((Long) value);
        };
    }

    static double real(Object value) {
        return switch (value) {
            case Double number -> number;
            case Long number -> number;
            default -> integer(value).doubleValue();
        };
    }

    /** Returns an int as a Long if it fits. */
    static Object normal(BigInteger value) {
        if (value.bitLength() < Long.SIZE) {
            return value.longValue();
        }
        if (value.bitLength() > BITS_MAX) {
            throw TemplateException.limit("the template makes an int of more than 16384 bits");
        }
        return value;
    }

    /** Returns an int as an index; those beyond its range become its ends. */
    static int clamped(Object value) {
        return switch (value) {
            case Long number -> Math.clamp(number, -Integer.MAX_VALUE, Integer.MAX_VALUE);
            case Boolean truth -> truth ? 1 : 0;
            default -> ((BigInteger) value).signum() * Integer.MAX_VALUE;
        };
    }

    static Object signed(boolean negative, Object value) {
        Undefined.require(value);
        if (value instanceof Double number) {
            return negative ? -number : number;
        }
        if (isInteger(value)) {
            return normal(negative ? integer(value).negate() : integer(value));
        }
        throw TemplateException.value(
                "bad operand type for unary %s: '%s'"
                        .formatted(negative ? "-" : "+", Values.typeName(value)));
    }

    /** Computes with two numbers. */
    static Object apply(String operator, Object left, Object right) {
        if (operator.equals("/")) {
            return divided(left, right);
        }
        if (left instanceof Double || right instanceof Double) {
            return reals(operator, real(left), real(right));
        }
        if (left instanceof Long a && right instanceof Long b && isSmall(a) && isSmall(b)) {
            switch (operator) {
                case "+" -> {
                    return a + b;
                }
                case "-" -> {
                    return a - b;
                }
                default -> {}
            }
        }
        return integers(operator, integer(left), integer(right));
    }

    private static boolean isSmall(long value) {
        return Math.abs(value) < 1L << 62;
    }

    private static Object integers(String operator, BigInteger a, BigInteger b) {
        return switch (operator) {
            case "+" -> normal(a.add(b));
            case "-" -> normal(a.subtract(b));
            case "*" -> normal(a.multiply(b));
            case "//" -> normal(floored(a, b)[0]);
            case "%" -> normal(floored(a, b)[1]);
            default -> power(a, b);
        };
    }

    private static BigInteger[] floored(BigInteger a, BigInteger b) {
        if (b.signum() == 0) {
            throw TemplateException.value("integer division or modulo by zero");
        }
        BigInteger[] parts = a.divideAndRemainder(b);
        if (parts[1].signum() != 0 && parts[1].signum() != b.signum()) {
            return new BigInteger[] {parts[0].subtract(BigInteger.ONE), parts[1].add(b)};
        }
        return parts;
    }

    private static Object power(BigInteger base, BigInteger exponent) {
        if (exponent.signum() < 0) {
            return reals("**", base.doubleValue(), exponent.doubleValue());
        }
        long bits = Math.max(1, base.abs().subtract(BigInteger.ONE).bitLength());
        boolean tiny = base.abs().bitLength() <= 1;
        if (!tiny && (exponent.bitLength() > 31 || bits * exponent.longValue() > BITS_MAX)) {
            throw TemplateException.limit("the template makes an int of more than 16384 bits");
        }
        int small =
                tiny ? exponent.testBit(0) || exponent.signum() == 0 ? exponent.signum() : 2 : 0;
        return normal(base.pow(tiny ? small : exponent.intValue()));
    }

    private static Object divided(Object left, Object right) {
        double divisor = real(right);
        if (divisor == 0) {
            throw TemplateException.value("division by zero");
        }
        return real(left) / divisor;
    }

    private static Object reals(String operator, double a, double b) {
        return switch (operator) {
            case "+" -> a + b;
            case "-" -> a - b;
            case "*" -> a * b;
            case "**" -> Math.pow(a, b);
            default -> {
                if (b == 0) {
                    throw TemplateException.value("float floor division by zero");
                }
                double remainder = a % b;
                if (remainder != 0 && (remainder < 0) != (b < 0)) {
                    remainder += b;
                }
                yield operator.equals("%") ? remainder : Math.floor((a - remainder) / b + 0.5);
            }
        };
    }

    /** Returns the shortest digits that read back as the same float, in Python's form. */
    static String text(double value) {
        if (Double.isNaN(value)) {
            return "nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? "inf" : "-inf";
        }
        if (value == 0) {
            return 1 / value > 0 ? "0.0" : "-0.0";
        }
        BigDecimal digits = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        int exponent = digits.precision() - digits.scale() - 1;
        if (exponent >= -4 && exponent < 16) {
            return digits.setScale(Math.max(1, digits.scale()), RoundingMode.UNNECESSARY)
                    .toPlainString();
        }
        return digits.movePointLeft(exponent).stripTrailingZeros().toPlainString()
                + (exponent < 0 ? "e-" : "e+")
                + "%02d".formatted(Math.abs(exponent));
    }
}
