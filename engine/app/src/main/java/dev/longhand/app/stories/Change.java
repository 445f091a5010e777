package dev.longhand.app.stories;

import java.util.List;

/** A kind of change of an amount, with its sentences. */
enum Change {
    ADD("+", "{n} buys {b} more.", "Then {n} finds {b} more {t}.", "A friend gives {n} {b} {t}."),
    SUBTRACT("-", "{n} gives away {b}.", "Then {n} loses {b} {t}.", "{n} sells {b} of them."),
    MULTIPLY("*", "Then the number grows to {b} times as many.", "{n} makes it {b} times as many."),
    DIVIDE(
            "/",
            "{n} shares them equally among {b} boxes and keeps one box.",
            "The {t} are split into {b} equal piles and {n} keeps one pile.");

    private final String sign;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is immutable
    private final List<String> sentences;

    Change(String sign, String... sentences) {
        this.sign = sign;
        this.sentences = List.of(sentences);
    }

    int apply(int a, int b) {
        return switch (this) {
            case ADD -> a + b;
            case SUBTRACT -> a - b;
            case MULTIPLY -> a * b;
            case DIVIDE -> a / b;
        };
    }

    Change inverse() {
        return switch (this) {
            case ADD -> SUBTRACT;
            case SUBTRACT -> ADD;
            case MULTIPLY -> DIVIDE;
            case DIVIDE -> MULTIPLY;
        };
    }

    String equation(int a, int b) {
        return "%d %s %d = %d".formatted(a, sign, b, apply(a, b));
    }

    /** Whether there is a carry, a borrow, or a product or quotient beyond ten. */
    boolean slipLikely(int a, int b) {
        return switch (this) {
            case ADD -> a % 10 + b % 10 > 9;
            case SUBTRACT -> a % 10 < b % 10;
            case MULTIPLY, DIVIDE -> Math.max(a, apply(a, b)) > 10;
        };
    }

    /** The sentences that tell the change: {@code {n}} is the name, {@code {b}} the operand. */
    List<String> sentences() {
        return sentences;
    }
}
