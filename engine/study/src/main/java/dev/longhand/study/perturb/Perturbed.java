package dev.longhand.study.perturb;

import dev.longhand.study.format.Span;

import java.util.List;

/**
 * An assistant message after a perturbation.
 *
 * @param text the new message
 * @param units the number of things that the operator could touch: numbers, mentions, steps
 * @param touched the number of those that it touched
 * @param changed the number of those that differ afterwards
 * @param removed what it took away, in the old message
 * @param added what it put in, in the new message
 */
public record Perturbed(
        String text, int units, int touched, int changed, List<Span> removed, List<Span> added) {
    public Perturbed {
        removed = List.copyOf(removed);
        added = List.copyOf(added);
    }

    /** A message in which nothing was touched. */
    static Perturbed untouched(String text, int units) {
        return new Perturbed(text, units, 0, 0, List.of(), List.of());
    }

    /** The number of characters of the old message that were taken away. */
    public int removedCharacters() {
        return removed.stream().mapToInt(Span::length).sum();
    }
}
