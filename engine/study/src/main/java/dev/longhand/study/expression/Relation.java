package dev.longhand.study.expression;

import java.util.List;

/**
 * Expressions with relations between them; a single expression has none.
 *
 * @param sides the expressions, one more than the signs
 * @param signs the signs: = ne lt gt le ge
 */
record Relation(List<Expression> sides, List<String> signs) {
    Relation {
        sides = List.copyOf(sides);
        signs = List.copyOf(signs);
    }
}
