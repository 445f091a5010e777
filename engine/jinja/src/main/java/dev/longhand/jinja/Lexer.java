package dev.longhand.jinja;

import dev.longhand.jinja.Token.Kind;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Splits a template into tokens. White space around tags is handled as by jinja2 with {@code
 * trim_blocks} and {@code lstrip_blocks}: {@code -} strips all of it, {@code +} keeps it; otherwise
 * a block or comment loses the blanks before it on its line, and one line feed after it.
 */
final class Lexer {
    private static final List<String> OPERATORS =
            List.of(
                    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(",
                    ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int at;
    private int line = 1;
    private int lineCounted;
    private boolean lineStarting = true;

    Lexer(String source) {
        String lines = source.replace("\r\n", "\n").replace('\r', '\n');
        this.source = lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
    }

    List<Token> tokens() {
        while (at < source.length()) {
            int tag = nextTag();
            if (tag < 0) {
                add(Kind.DATA, source.substring(at), at);
                break;
            }
            readTag(tag);
        }
        tokens.add(new Token(Kind.END, "", lineAt(source.length())));
        return tokens;
    }

    private int nextTag() {
        for (int i = source.indexOf('{', at); i >= 0; i = source.indexOf('{', i + 1)) {
            char next = i + 1 < source.length() ? source.charAt(i + 1) : ' ';
            if (next == '{' || next == '%' || next == '#') {
                return i;
            }
        }
        return -1;
    }

    private void readTag(int tag) {
        char kind = source.charAt(tag + 1);
        char sign = tag + 2 < source.length() ? source.charAt(tag + 2) : ' ';
        boolean signed = sign == '-' || sign == '+';
        addText(source.substring(at, tag), at, kind != '{', signed ? sign : ' ');
        lineStarting = false;
        at = tag + (signed ? 3 : 2);
        switch (kind) {
            case '#' -> skipComment(tag);
            case '{' -> {
                add(Kind.VARIABLE_BEGIN, "{{", tag);
                readInside("}}", Kind.VARIABLE_END, tag);
            }
            default -> {
                if (!readRaw(tag)) {
                    add(Kind.BLOCK_BEGIN, "{%", tag);
                    readInside("%}", Kind.BLOCK_END, tag);
                }
            }
        }
    }

    private void addText(String text, int from, boolean isBlock, char sign) {
        String kept = text;
        if (sign == '-') {
            kept = PythonText.strip(text, false, true);
        } else if (sign != '+' && isBlock) {
            int begin = text.lastIndexOf('\n') + 1;
            if ((begin > 0 || lineStarting) && PythonText.isBlank(text, begin)) {
                kept = text.substring(0, begin);
            }
        }
        if (!kept.isEmpty()) {
            add(Kind.DATA, kept, from);
        }
    }

    private void skipComment(int tag) {
        int end = source.indexOf("#}", at);
        if (end < 0) {
            throw TemplateException.syntax(lineAt(tag), "Missing end of comment tag");
        }
        char sign = end > at ? source.charAt(end - 1) : ' ';
        at = end + 2;
        skipAfter(sign, true);
    }

    /** Skips the white space after a tag whose last character before its end was {@code sign}. */
    private void skipAfter(char sign, boolean isBlock) {
        int begin = at;
        if (sign == '-') {
            while (at < source.length() && PythonText.isSpace(source.charAt(at))) {
                at++;
            }
        } else if (sign != '+' && isBlock && at < source.length() && source.charAt(at) == '\n') {
            at++;
        }
        lineStarting = at > begin && source.charAt(at - 1) == '\n';
    }

    private boolean readRaw(int tag) {
        int end = tagOf("raw", at);
        if (end < 0 || source.charAt(end - 3) == '+') {
            return false;
        }
        char endSign = source.charAt(end - 3);
        at = end;
        skipAfter(endSign == '-' ? '-' : '+', true);
        int text = at;
        for (int i = source.indexOf("{%", at); i >= 0; i = source.indexOf("{%", i + 1)) {
            char sign = i + 2 < source.length() ? source.charAt(i + 2) : ' ';
            boolean signed = sign == '-' || sign == '+';
            int after = tagOf("endraw", i + (signed ? 3 : 2));
            if (after >= 0) {
                addText(source.substring(text, i), text, true, signed ? sign : ' ');
                at = after;
                skipAfter(source.charAt(after - 3), true);
                return true;
            }
        }
        throw TemplateException.syntax(lineAt(tag), "Missing end of raw directive");
    }

    /** Returns the index after a tag that holds only a name, or -1 if another tag is there. */
    private int tagOf(String name, int from) {
        int i = skipSpace(from);
        if (!source.startsWith(name, i)) {
            return -1;
        }
        i = skipSpace(i + name.length());
        if (source.startsWith("-%}", i) || source.startsWith("+%}", i)) {
            return i + 3;
        }
        return source.startsWith("%}", i) ? i + 2 : -1;
    }

    private int skipSpace(int from) {
        int i = from;
        while (i < source.length() && PythonText.isSpace(source.charAt(i))) {
            i++;
        }
        return i;
    }

    private void readInside(String end, Kind endKind, int tag) {
        Deque<Character> open = new ArrayDeque<>();
        while (true) {
            at = skipSpace(at);
            if (at >= source.length()) {
                throw TemplateException.syntax(lineAt(tag), "unexpected end of template in a tag");
            }
            if (open.isEmpty() && endsTag(end, endKind)) {
                return;
            }
            readToken(open);
        }
    }

    private boolean endsTag(String end, Kind kind) {
        char sign = source.charAt(at);
        boolean mayKeep = sign == '+' && kind == Kind.BLOCK_END;
        boolean signed = (sign == '-' || mayKeep) && source.startsWith(end, at + 1);
        if (!signed && !source.startsWith(end, at)) {
            return false;
        }
        add(kind, end, at);
        at += signed ? 3 : 2;
        skipAfter(signed ? sign : ' ', kind == Kind.BLOCK_END);
        return true;
    }

    private void readToken(Deque<Character> open) {
        int begin = at;
        char c = source.charAt(at);
        if (c == '\'' || c == '"') {
            readString(c);
        } else if (c >= '0' && c <= '9') {
            readNumber();
        } else if (Character.isJavaIdentifierStart(c) && c != '$') {
            while (at < source.length()
                    && Character.isJavaIdentifierPart(source.charAt(at))
                    && source.charAt(at) != '$') {
                at++;
            }
            add(Kind.NAME, source.substring(begin, at), begin);
        } else {
            readOperator(open);
        }
    }

    private void readOperator(Deque<Character> open) {
        String operator =
                OPERATORS.stream()
                        .filter(candidate -> source.startsWith(candidate, at))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        TemplateException.syntax(
                                                lineAt(at),
                                                "unexpected char "
                                                        + PythonText.repr(
                                                                source.substring(at, at + 1))));
        char first = operator.charAt(0);
        switch (first) {
            case '(' -> open.push(')');
            case '[' -> open.push(']');
            case '{' -> open.push('}');
            case ')', ']', '}' -> {
                if (open.isEmpty() || open.pop() != first) {
                    throw TemplateException.syntax(lineAt(at), "unexpected '" + first + "'");
                }
            }
            default -> {}
        }
        add(Kind.OPERATOR, operator, at);
        at += operator.length();
    }

    private void readNumber() {
        int begin = at;
        if (source.startsWith("0x", at) || source.startsWith("0X", at)) {
            at += 2;
            skipDigits(16);
            add(Kind.INTEGER, source.substring(begin, at), begin);
            return;
        }
        skipDigits(10);
        boolean isFloat = false;
        if (at + 1 < source.length() && source.charAt(at) == '.' && isDigit(at + 1)) {
            isFloat = true;
            at++;
            skipDigits(10);
        }
        if (at < source.length() && (source.charAt(at) | 0x20) == 'e') {
            int digits = at + 1;
            if (digits < source.length() && "+-".indexOf(source.charAt(digits)) >= 0) {
                digits++;
            }
            if (isDigit(digits)) {
                isFloat = true;
                at = digits;
                skipDigits(10);
            }
        }
        String text = source.substring(begin, at).replace("_", "");
        add(isFloat ? Kind.FLOAT : Kind.INTEGER, text, begin);
    }

    private boolean isDigit(int index) {
        return index < source.length()
                && source.charAt(index) >= '0'
                && source.charAt(index) <= '9';
    }

    private void skipDigits(int radix) {
        while (at < source.length()
                && (Character.digit(source.charAt(at), radix) >= 0 || source.charAt(at) == '_')) {
            at++;
        }
    }

    private void readString(char quote) {
        int begin = at;
        StringBuilder text = new StringBuilder();
        at++;
        while (at < source.length() && source.charAt(at) != quote) {
            char c = source.charAt(at++);
            if (c != '\\' || at >= source.length()) {
                text.append(c);
            } else {
                readEscape(text);
            }
        }
        if (at >= source.length()) {
            throw TemplateException.syntax(lineAt(begin), "a string has no end");
        }
        at++;
        add(Kind.STRING, text.toString(), begin);
    }

    private void readEscape(StringBuilder text) {
        char c = source.charAt(at++);
        int simple = "abfnrtv\\'\"\n".indexOf(c);
        if (simple >= 0) {
            if (c != '\n') {
                text.append("\u0007\b\f\n\r\t\u000b\\'\"".charAt(simple));
            }
        } else if (c >= '0' && c <= '7') {
            int value = c - '0';
            for (int i = 0; i < 2 && at < source.length(); i++, at++) {
                int digit = Character.digit(source.charAt(at), 8);
                if (digit < 0) {
                    break;
                }
                value = value * 8 + digit;
            }
            text.append((char) value);
        } else if (c == 'x' || c == 'u' || c == 'U') {
            int digits = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            text.appendCodePoint(hexadecimal(digits));
        } else {
            text.append('\\').append(c);
        }
    }

    private int hexadecimal(int digits) {
        long value = 0;
        for (int i = 0; i < digits; i++, at++) {
            int digit = at < source.length() ? Character.digit(source.charAt(at), 16) : -1;
            if (digit < 0) {
                throw TemplateException.syntax(lineAt(at), "truncated escape in a string");
            }
            value = value * 16 + digit;
        }
        if (value > Character.MAX_CODE_POINT) {
            throw TemplateException.syntax(lineAt(at), "illegal Unicode character in a string");
        }
        return (int) value;
    }

    private void add(Kind kind, String text, int from) {
        tokens.add(new Token(kind, text, lineAt(from)));
    }

    private int lineAt(int index) {
        for (; lineCounted < Math.min(index, source.length()); lineCounted++) {
            line += source.charAt(lineCounted) == '\n' ? 1 : 0;
        }
        return line;
    }
}
