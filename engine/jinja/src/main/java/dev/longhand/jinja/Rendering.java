package dev.longhand.jinja;

import java.util.List;

/**
 * Text that a template rendered.
 *
 * @param text the output
 * @param generations parts of the output within {@code {% generation %}} blocks, in order
 */
public record Rendering(String text, List<Span> generations) {
    public Rendering {
        generations = List.copyOf(generations);
    }

    /**
     * Part of a text.
     *
     * @param begin index of its first UTF-16 unit
     * @param end index after its last one
     */
    public record Span(int begin, int end) {}
}
