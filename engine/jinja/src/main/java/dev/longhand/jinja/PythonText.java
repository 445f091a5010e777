package dev.longhand.jinja;

import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Python's {@code str()} and {@code repr()} of values, and its notion of white space. */
final class PythonText {
    private PythonText() {}

    /** Returns Python's {@code str(value)}. */
    static String text(Object value) {
        return switch (value) {
            case String text -> text;
            case Undefined undefined -> "";
            default -> repr(value);
        };
    }

    /** Returns Python's {@code repr(value)}. */
    static String repr(Object value) {
        return switch (value) {
            case String text -> quoted(text);
            case Boolean truth -> truth ? "True" : "False";
            case Double number -> PythonNumbers.text(number);
            case List<?> list -> joined(list, "[", "]");
            case Tuple tuple -> joined(tuple.items(), "(", tuple.items().size() == 1 ? ",)" : ")");
            case Map<?, ?> map -> {
                StringJoiner items = new StringJoiner(", ", "{", "}");
                map.forEach((key, item) -> items.add(repr(key) + ": " + repr(item)));
                yield items.toString();
            }
            case DictView view -> joined(view.items(), view.typeName() + "([", "])");
            case Undefined undefined -> "Undefined";
            case Generator generator -> "<generator object>";
            case Namespace namespace -> "<Namespace " + repr(namespace.attributes()) + ">";
            default -> value.toString();
        };
    }

    private static String joined(List<?> values, String begin, String end) {
        StringJoiner items = new StringJoiner(", ", begin, end);
        values.forEach(item -> items.add(repr(item)));
        return items.toString();
    }

    private static String quoted(String text) {
        char quote = text.indexOf('\'') >= 0 && text.indexOf('"') < 0 ? '"' : '\'';
        StringBuilder out = new StringBuilder().append(quote);
        text.codePoints()
                .forEach(
                        c -> {
                            switch (c) {
                                case '\n' -> out.append("\\n");
                                case '\r' -> out.append("\\r");
                                case '\t' -> out.append("\\t");
                                case '\\' -> out.append("\\\\");
                                default -> appendQuoted(out, c, quote);
                            }
                        });
        return out.append(quote).toString();
    }

    private static void appendQuoted(StringBuilder out, int c, char quote) {
        if (c == quote) {
            out.append('\\').append(quote);
        } else if (c == ' ' || isPrintable(c)) {
            out.appendCodePoint(c);
        } else if (c < 0x100) {
            out.append("\\x%02x".formatted(c));
        } else {
            out.append(c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c));
        }
    }

    private static boolean isPrintable(int c) {
        return switch (Character.getType(c)) {
            case Character.CONTROL,
                    Character.FORMAT,
                    Character.SURROGATE,
                    Character.PRIVATE_USE,
                    Character.UNASSIGNED,
                    Character.LINE_SEPARATOR,
                    Character.PARAGRAPH_SEPARATOR,
                    Character.SPACE_SEPARATOR ->
                    false;
            default -> true;
        };
    }

    /** Whether Python's {@code str.isspace} holds for a character. */
    static boolean isSpace(int c) {
        return c == ' '
                || (c >= 9 && c <= 13)
                || (c >= 28 && c <= 31)
                || c == 0x85
                || c == 0xa0
                || c == 0x1680
                || (c >= 0x2000 && c <= 0x200a)
                || c == 0x2028
                || c == 0x2029
                || c == 0x202f
                || c == 0x205f
                || c == 0x3000;
    }

    /** Whether a text has characters from an index on, and all are white space. */
    static boolean isBlank(String text, int begin) {
        for (int i = begin; i < text.length(); i++) {
            if (!isSpace(text.charAt(i))) {
                return false;
            }
        }
        return begin < text.length();
    }

    /** Removes white space at the ends. */
    static String strip(String text, boolean left, boolean right) {
        int begin = 0;
        int end = text.length();
        while (left && begin < end && isSpace(text.charAt(begin))) {
            begin++;
        }
        while (right && end > begin && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(begin, end);
    }

    /** Removes any of the given characters at the ends. */
    static String strip(String text, String characters, boolean left, boolean right) {
        int begin = 0;
        int end = text.length();
        while (left && begin < end && characters.indexOf(text.codePointAt(begin)) >= 0) {
            begin += Character.charCount(text.codePointAt(begin));
        }
        while (right && end > begin && characters.indexOf(text.codePointBefore(end)) >= 0) {
            end -= Character.charCount(text.codePointBefore(end));
        }
        return text.substring(begin, end);
    }
}
