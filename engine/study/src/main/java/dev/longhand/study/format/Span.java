package dev.longhand.study.format;

/**
 * A range of characters in a text.
 *
 * @param start the first character, from 0
 * @param end the character after the last
 */
public record Span(int start, int end) {
    public Span {
        if (start < 0 || end < start) {
            throw new IllegalArgumentException("no range: " + start + " to " + end);
        }
    }

    /** The number of characters. */
    public int length() {
        return end - start;
    }

    /** The same range in a text in front of which {@code offset} characters stand. */
    public Span shifted(int offset) {
        return new Span(start + offset, end + offset);
    }

    /** The characters of the range. */
    public String of(String text) {
        return text.substring(start, end);
    }

    /** The range without white space at its ends; empty if it holds nothing else. */
    public Span trimmed(String text) {
        int from = start;
        int to = end;
        while (from < to && Character.isWhitespace(text.charAt(from))) {
            from++;
        }
        while (to > from && Character.isWhitespace(text.charAt(to - 1))) {
            to--;
        }
        return new Span(from, to);
    }
}
