package dev.longhand.study.segment;

import dev.longhand.study.format.Span;

import java.util.ArrayList;
import java.util.List;

/**
 * Divides a text at its blank lines, except at those inside a fence of three backquotes, between
 * {@code \[} and {@code \]}, or between two {@code $$}.
 */
public final class Paragraphs {
    private static final String FENCE = "```";

    private final List<Span> paragraphs = new ArrayList<>();
    private final String text;
    private boolean fenced;
    private boolean bracketed;
    private boolean displayed;

    private Paragraphs(String text) {
        this.text = text;
    }

    /** Returns the paragraphs in order, without white space at their ends; none is empty. */
    public static List<Span> of(String text) {
        return new Paragraphs(text).divide();
    }

    private List<Span> divide() {
        int begin = 0;
        for (int line = 0; line < text.length(); ) {
            int newline = text.indexOf('\n', line);
            int end = newline < 0 ? text.length() : newline;
            if (isOpen() || !new Span(line, end).of(text).isBlank()) {
                scan(line, end);
            } else {
                add(begin, line);
                begin = end;
            }
            line = end + 1;
        }
        add(begin, text.length());
        return paragraphs;
    }

    private boolean isOpen() {
        return fenced || bracketed || displayed;
    }

    private void add(int begin, int end) {
        Span paragraph = new Span(begin, end).trimmed(text);
        if (paragraph.length() > 0) {
            paragraphs.add(paragraph);
        }
    }

    /** Follows fences and display formulas through a line. */
    private void scan(int from, int end) {
        for (int i = from; i + 1 < end; i++) {
            if (text.startsWith(FENCE, i)) {
                fenced = !fenced;
                i += FENCE.length() - 1;
            } else if (!fenced && text.charAt(i) == '\\') {
                bracketed =
                        switch (text.charAt(i + 1)) {
                            case '[' -> true;
                            case ']' -> false;
                            default -> bracketed;
                        };
                i++; // two backslashes are a line break, and "\\[2pt]" opens nothing
            } else if (!fenced && text.startsWith("$$", i)) {
                displayed = !displayed;
                i++;
            }
        }
    }
}
