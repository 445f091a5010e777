package dev.longhand.study.expression;

import org.jspecify.annotations.Nullable;

import java.util.regex.Pattern;

/**
 * Reads the symbols of a LaTeX expression from left to right. Outside the compatible dialect a
 * known command may run into the letters after it, as where spaces were deleted: {@code \pir} is pi
 * r.
 */
final class LatexScanner {
    /** What SymPy's parser takes for a space. */
    private static final Pattern SPACE =
            Pattern.compile(
                    "\\\\(?:[-,:;!*./\"(=]"
                        + "|(?:q?quad|(?:neg)?(?:thin|med|thick)space|left|right)(?![a-zA-Z]))");

    private static final String LETTERLESS = " \t\r\n+-*/(){}[]|_^:!'<>=,.";

    private final String text;
    private final Dialect dialect;
    private int position;
    private int furthest;

    LatexScanner(String text, Dialect dialect) {
        this.text = dialect.compatible() ? SPACE.matcher(text).replaceAll(" ") : text;
        this.dialect = dialect;
    }

    /**
     * Whether the furthest character that was looked at begins a symbol. SymPy's parser fails at
     * one that does not, although it ignores what follows an expression.
     */
    boolean atSymbol() {
        if (furthest >= text.length()) {
            return true;
        }
        char c = text.charAt(furthest);
        if (c == '\\') {
            return isLetter(furthest + 1)
                    || (furthest + 1 < text.length()
                            && "{}".indexOf(text.charAt(furthest + 1)) >= 0);
        }
        return isLetter(furthest)
                || (c >= '0' && c <= '9')
                || LETTERLESS.indexOf(c) >= 0
                || (c == '&' && text.startsWith("=", furthest + 1));
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
        if (command && commandEnd() != end) {
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
        if (position >= text.length() || text.charAt(position) != '\\' || !isLetter(position + 1)) {
            return null;
        }
        int end = commandEnd();
        String name = text.substring(position + 1, end);
        position = end;
        return name;
    }

    /** The end of the command that comes next: of all its letters, or of the longest known one. */
    private int commandEnd() {
        int end = position + 1;
        while (isLetter(end)) {
            end++;
        }
        if (dialect.compatible()) {
            return end;
        }
        for (int known = end; known > position + 1; known--) {
            if (Commands.ALL.contains(text.substring(position + 1, known))) {
                return known;
            }
        }
        return end;
    }

    /** Takes the letter or command after a d, with which it is one symbol; empty without one. */
    String takeDifferential() {
        if (atLetter()) {
            return String.valueOf(takeCharacter());
        }
        String command = takeCommand();
        return command == null ? "" : "\\" + command;
    }

    /**
     * Takes a number in decimal digits and returns it without commas; null if none comes next.
     *
     * @param thousands whether a comma and the three digits after it belong to it
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
        String number = text.substring(position, end).replace(",", "").replace(" ", "");
        position = end;
        return number;
    }

    private boolean isThousand(int comma) {
        return comma < text.length() && text.charAt(comma) == ',' && digits(comma + 1) >= comma + 4;
    }

    private int digits(int from) {
        int end = from;
        for (int at = from; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c >= '0' && c <= '9') {
                end = at + 1;
            } else if (c != ' ' || end == from || !dialect.compatible()) {
                break;
            }
        }
        return end;
    }

    private void skipSpace() {
        while (position < text.length() && text.charAt(position) == ' ') {
            position++;
        }
        furthest = Math.max(furthest, position);
    }
}
