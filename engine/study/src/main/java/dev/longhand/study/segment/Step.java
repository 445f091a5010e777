package dev.longhand.study.segment;

import dev.longhand.study.format.Span;

/**
 * A reasoning step.
 *
 * @param text its paragraphs, trimmed, with one blank line between them
 * @param span its characters in the body of the thought
 */
public record Step(String text, Span span) {}
