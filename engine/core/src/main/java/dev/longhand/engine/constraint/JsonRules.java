package dev.longhand.engine.constraint;

import java.nio.charset.StandardCharsets;

/**
 * The rules of JSON. They are the first nodes of every automaton, always the same, so that the
 * token sets of these nodes are computed once for a vocabulary and serve all formats.
 *
 * <p>Between values there is no white space, one space, or a line end with an indentation. Numbers
 * have at most {@link #DIGITS_MAX} digits on each side of the point and two in the exponent.
 * Strings are Unicode: escapes of surrogates come in pairs.
 */
final class JsonRules {
    /** Limit for the digits before and after the decimal point: such integers fit 64 bits. */
    static final int DIGITS_MAX = 18;

    private static final int INDENT_SPACES_MAX = 32;
    private static final int INDENT_TABS_MAX = 8;

    private static final String HEX = "0123456789abcdefABCDEF";

    private static final CharacterSet ESCAPED =
            CharacterSet.of(0, 0x1f).or(CharacterSet.of('"', '"')).or(CharacterSet.of('\\', '\\'));
    private static final CharacterSet PLAIN = ESCAPED.complement();

    private final Automaton.Builder builder;
    private final int space;
    private final int stringRest;
    private final int string;
    private final int character;
    private final int integer;
    private final int number;
    private final int value;
    private final int object;
    private final int array;
    private final int end;

    /** Adds the rules to an empty builder. */
    JsonRules(Automaton.Builder builder) {
        this.builder = builder;
        space = buildSpace();
        stringRest = buildStringRest();
        string = builder.node();
        builder.bytes(string, '"', '"', stringRest);
        character = builder.node();
        int characterEnd = builder.node();
        addCharacter(character, characterEnd);
        builder.returnAt(characterEnd);
        integer = builder.node();
        builder.returnAt(addInteger(integer));
        number = builder.node();
        builder.returnAt(addFraction(addInteger(number)));
        value = builder.node();
        object = buildObject();
        array = buildArray();
        addValue();
        end = builder.node();
    }

    /** Returns the number of nodes that are the same in every automaton. */
    static int nodes() {
        return new JsonRules(new Automaton.Builder()).end;
    }

    private int buildSpace() {
        int start = builder.node();
        builder.returnAt(start);
        int end = builder.node();
        builder.returnAt(end);
        builder.bytes(start, ' ', ' ', end);
        int line = builder.node();
        builder.returnAt(line);
        builder.bytes(start, '\n', '\n', line);
        indent(line, ' ', INDENT_SPACES_MAX);
        indent(line, '\t', INDENT_TABS_MAX);
        return start;
    }

    private void indent(int line, char blank, int most) {
        int at = line;
        for (int i = 0; i < most; i++) {
            int next = builder.node();
            builder.bytes(at, blank, blank, next);
            builder.returnAt(next);
            at = next;
        }
    }

    private int buildStringRest() {
        int rest = builder.node();
        int closed = builder.node();
        builder.bytes(rest, '"', '"', closed);
        builder.returnAt(closed);
        addCharacter(rest, rest);
        return rest;
    }

    private void addCharacter(int from, int to) {
        PLAIN.addUtf8(builder, from, to);
        int escape = builder.node();
        builder.bytes(from, '\\', '\\', escape);
        for (char each : "\"\\/bfnrt".toCharArray()) {
            builder.bytes(escape, each, each, to);
        }
        int code = builder.node();
        builder.bytes(escape, 'u', 'u', code);
        addCode(code, to);
    }

    /** Adds the four hexadecimal digits of a character, or a pair of surrogates. */
    private void addCode(int from, int to) {
        int third = builder.node();
        int fourth = builder.node();
        int second = builder.node();
        addHex(second, third, HEX);
        addHex(third, fourth, HEX);
        addHex(fourth, to, HEX);
        addHex(from, second, "0123456789abcefABCEF");
        int d = builder.node();
        addHex(from, d, "dD");
        addHex(d, third, "01234567");
        int at = builder.node();
        addHex(d, at, "89abAB");
        for (int i = 0; i < 2; i++) {
            int next = builder.node();
            addHex(at, next, HEX);
            at = next;
        }
        at = builder.text(at, "\\u");
        int low = builder.node();
        addHex(at, low, "dD");
        addHex(low, third, "cdefCDEF");
    }

    private void addHex(int from, int to, String digits) {
        for (int i = 0; i < digits.length(); i++) {
            builder.bytes(from, digits.charAt(i), digits.charAt(i), to);
        }
    }

    /** Adds one of these characters within a string, in its shortest spelling. */
    void addCharacter(CharacterSet characters, int from, int to) {
        characters.and(PLAIN).addUtf8(builder, from, to);
        for (CharacterSet.Range range : characters.and(ESCAPED).ranges()) {
            for (int each = range.first(); each <= range.last(); each++) {
                int last = builder.text(from, escape(each));
                builder.empty(last, to);
            }
        }
    }

    private static String escape(int character) {
        return switch (character) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> "\\u%04x".formatted(character);
        };
    }

    /** Spells a string in JSON, with quotes. */
    static byte[] quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        text.codePoints()
                .forEach(
                        each -> {
                            if (ESCAPED.contains(each)) {
                                json.append(escape(each));
                            } else {
                                json.appendCodePoint(each);
                            }
                        });
        return json.append('"').toString().getBytes(StandardCharsets.UTF_8);
    }

    private int addInteger(int from) {
        int signed = builder.node();
        builder.empty(from, signed);
        builder.bytes(from, '-', '-', signed);
        int end = builder.node();
        builder.bytes(signed, '0', '0', end);
        int at = builder.node();
        builder.bytes(signed, '1', '9', at);
        addDigits(at, end, DIGITS_MAX - 1);
        return end;
    }

    /** Adds none to {@code most} digits. */
    void addDigits(int from, int to, int most) {
        int at = from;
        builder.empty(at, to);
        for (int i = 0; i < most; i++) {
            int next = builder.node();
            builder.bytes(at, '0', '9', next);
            builder.empty(next, to);
            at = next;
        }
    }

    /** Adds an optional fraction and an optional exponent; returns the end. */
    private int addFraction(int from) {
        int exponent = builder.node();
        int end = builder.node();
        builder.empty(from, exponent);
        int first = builder.node();
        builder.bytes(from, '.', '.', first);
        int second = builder.node();
        builder.bytes(first, '0', '9', second);
        addDigits(second, exponent, DIGITS_MAX - 1);
        builder.empty(exponent, end);
        int sign = builder.node();
        builder.bytes(exponent, 'e', 'e', sign);
        builder.bytes(exponent, 'E', 'E', sign);
        int digits = builder.node();
        builder.empty(sign, digits);
        builder.bytes(sign, '+', '+', digits);
        builder.bytes(sign, '-', '-', digits);
        int more = builder.node();
        builder.bytes(digits, '0', '9', more);
        addDigits(more, end, 1);
        return end;
    }

    private int buildObject() {
        int start = builder.node();
        int at = addSpace(byteEdge(start, '{'));
        int end = builder.node();
        builder.returnAt(end);
        builder.bytes(at, '}', '}', end);
        int named = builder.node();
        builder.call(at, string, named);
        int valueStart = addSpace(byteEdge(named, ':'));
        int next = builder.node();
        builder.call(valueStart, value, next);
        int name = addSpace(byteEdge(next, ','));
        builder.call(name, string, named);
        builder.bytes(addSpace(next), '}', '}', end);
        return start;
    }

    private int buildArray() {
        int start = builder.node();
        int at = addSpace(byteEdge(start, '['));
        int end = builder.node();
        builder.returnAt(end);
        builder.bytes(at, ']', ']', end);
        int next = builder.node();
        builder.call(at, value, next);
        int item = addSpace(byteEdge(next, ','));
        builder.call(item, value, next);
        builder.bytes(addSpace(next), ']', ']', end);
        return start;
    }

    private void addValue() {
        int end = builder.node();
        builder.returnAt(end);
        builder.call(value, string, end);
        builder.call(value, number, end);
        builder.nestedCall(value, object, end);
        builder.nestedCall(value, array, end);
        for (String word : new String[] {"true", "false", "null"}) {
            builder.empty(builder.text(value, word), end);
        }
    }

    private int byteEdge(int from, char value) {
        int to = builder.node();
        builder.bytes(from, value, value, to);
        return to;
    }

    /** Adds white space as it stands between values; returns the end. */
    int addSpace(int from) {
        int to = builder.node();
        builder.call(from, space, to);
        return to;
    }

    /** First node of any string. */
    int string() {
        return string;
    }

    /** First node of the rest of a string after its quote or after some characters. */
    int stringRest() {
        return stringRest;
    }

    /** First node of one character of a string, in any of its spellings. */
    int character() {
        return character;
    }

    /** First node of any integer. */
    int integer() {
        return integer;
    }

    /** First node of any number. */
    int number() {
        return number;
    }

    /** First node of any value. */
    int value() {
        return value;
    }

    /** First node of any object. */
    int object() {
        return object;
    }

    /** First node of any array. */
    int array() {
        return array;
    }
}
