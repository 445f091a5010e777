package dev.longhand.study.expression;

/** An expression is longer or deeper than a comparison may be. */
final class ExpressionLimitException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ExpressionLimitException() {
        super("the expression exceeds a limit", null, false, false);
    }
}
