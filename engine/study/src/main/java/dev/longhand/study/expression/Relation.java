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

    /** The relation with signs that say less where they say greater: x > 3 is 3 < x. */
    Relation ascending() {
        boolean descends = signs.stream().anyMatch(sign -> sign.startsWith("g"));
        return descends && signs.stream().noneMatch(sign -> sign.startsWith("l"))
                ? new Relation(
                        sides.reversed(),
                        signs.reversed().stream().map(sign -> sign.replace('g', 'l')).toList())
                : this;
    }

    /** The left side less the right one, of a single relation. */
    Expression difference() {
        return new Expression.Binary(Expression.Operation.MINUS, sides.getFirst(), sides.getLast());
    }
}
