package dev.longhand.study.expression;

import org.jspecify.annotations.Nullable;

/** Reads the symbols of a LaTeX expression from left to right. */
final class LatexScanner {
    private final String text;
    private int position;

    LatexScanner(String text) {
        this.text = text;
    }

    int position() {
        skipSpace();
        return position;
    }

    void back(int to) {
        position = to;
    }

    boolean atEnd() {
        skipSpace();
        return position == text.length();
    }

    /** The next character; 0 at the end. */
    char peek() {
        skipSpace();
        return position < text.length() ? text.charAt(position) : 0;
    }

    /** Takes {@code symbol} if it comes next; a command must not go on with a letter. */
    boolean take(String symbol) {
        skipSpace();
        if (!text.startsWith(symbol, position)) {
            return false;
        }
        int end = position + symbol.length();
        boolean command = symbol.length() > 1 && symbol.charAt(0) == '\\' && isLetter(end - 1);
        if (command && isLetter(end)) {
            return false;
        }
        position = end;
        return true;
    }

    private boolean isLetter(int at) {
        if (at >= text.length()) {
            return false;
        }
        char c = text.charAt(at);
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    /** Whether a letter comes next. */
    boolean atLetter() {
        skipSpace();
        return isLetter(position);
    }

    /** Takes one character. */
    char takeCharacter() {
        skipSpace();
        return text.charAt(position++);
    }

    /** Takes a command of letters and returns its name; null if none comes next. */
    @Nullable String takeCommand() {
        skipSpace();
        int end = position + 1;
        if (position >= text.length() || text.charAt(position) != '\\' || !isLetter(end)) {
            return null;
        }
        while (isLetter(end)) {
            end++;
        }
        String name = text.substring(position + 1, end);
        position = end;
        return name;
    }

    /**
     * Takes a number in decimal digits and returns it without commas; null if none comes next.
     *
     * @param thousands whether a comma before exactly three digits belongs to it
     */
    @Nullable String takeNumber(boolean thousands) {
        skipSpace();
        int end = digits(position);
        while (thousands && end > position && isThousand(end)) {
            end += 4;
        }
        if (end < text.length() && text.charAt(end) == '.' && digits(end + 1) > end + 1) {
            end = digits(end + 1);
        }
        if (end == position) {
            return null;
        }
        String number = text.substring(position, end).replace(",", "");
        position = end;
        return number;
    }

    private boolean isThousand(int comma) {
        return comma < text.length() && text.charAt(comma) == ',' && digits(comma + 1) == comma + 4;
    }

    private int digits(int from) {
        int end = from;
        while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
            end++;
        }
        return end;
    }

    private void skipSpace() {
        while (position < text.length() && text.charAt(position) == ' ') {
            position++;
        }
    }
}
