package dev.longhand.engine.constraint;

import dev.longhand.engine.constraint.RegularExpression.Alternatives;
import dev.longhand.engine.constraint.RegularExpression.Characters;
import dev.longhand.engine.constraint.RegularExpression.Repeated;
import dev.longhand.engine.constraint.RegularExpression.Sequence;
import dev.longhand.engine.error.AnswerFormatException;

import java.util.ArrayList;
import java.util.List;

/**
 * Parses regular expressions: the part of ECMAScript's that automata can express. There are
 * characters and escapes, classes, groups, alternatives, quantifiers (lazy ones too, which match
 * the same texts), and anchors at the ends. {@code \d}, {@code \w} and {@code \s} are ASCII.
 */
final class RegexParser {
    /** Limit for the count of a quantifier. */
    private static final int COUNT_MAX = 10_000;

    private static final int NESTING_MAX = 64;

    private static final RegularExpression ANYTHING =
            new Repeated(new Characters(CharacterSet.ALL), 0, -1);

    private static final RegularExpression NOTHING = new Sequence(List.of());

    private final String name;
    private final int[] text;
    private int at;
    private int nesting;

    private RegexParser(String name, String text) {
        this.name = name;
        this.text = text.codePoints().toArray();
    }

    /** Parses an expression that must match a whole text; anchors at its ends change nothing. */
    static RegularExpression parse(String name, String text) {
        return new RegexParser(name, text).parse(false);
    }

    /** Parses an expression that must match a part of a text, unless it has anchors. */
    static RegularExpression parseSearch(String name, String text) {
        return new RegexParser(name, text).parse(true);
    }

    private AnswerFormatException refuse(String fault) {
        return new AnswerFormatException(
                "%s: at character %d: %s".formatted(name, Math.min(at, text.length) + 1, fault));
    }

    private RegularExpression parse(boolean search) {
        List<RegularExpression> alternatives = new ArrayList<>();
        do {
            boolean fromStart = take('^');
            RegularExpression found = sequence();
            boolean toEnd = take('$');
            if (at < text.length && text[at] != '|') {
                throw refuse(
                        toEnd ? "$ is supported at the end only" : "a group ends that never began");
            }
            RegularExpression before = fromStart || !search ? NOTHING : ANYTHING;
            RegularExpression after = toEnd || !search ? NOTHING : ANYTHING;
            alternatives.add(new Sequence(List.of(before, found, after)));
        } while (take('|'));
        return new Alternatives(alternatives);
    }

    private boolean take(int character) {
        if (at < text.length && text[at] == character) {
            at++;
            return true;
        }
        return false;
    }

    private RegularExpression alternatives() {
        if (++nesting > NESTING_MAX) {
            throw refuse("groups are nested more than %d deep".formatted(NESTING_MAX));
        }
        List<RegularExpression> parts = new ArrayList<>();
        do {
            parts.add(sequence());
        } while (take('|'));
        nesting--;
        return parts.size() == 1 ? parts.getFirst() : new Alternatives(parts);
    }

    private RegularExpression sequence() {
        List<RegularExpression> parts = new ArrayList<>();
        while (at < text.length && "|)$".indexOf(text[at]) < 0) {
            parts.add(quantified(atom()));
        }
        return parts.size() == 1 ? parts.getFirst() : new Sequence(parts);
    }

    private RegularExpression atom() {
        int character = text[at++];
        return switch (character) {
            case '.' -> new Characters(CharacterSet.NO_LINE_END);
            case '[' -> new Characters(characterClass());
            case '(' -> group();
            case '\\' -> new Characters(escape());
            case '^' -> throw refuse("^ is supported at the start only");
            case '*', '+', '?' -> throw refuse("nothing to repeat");
            default -> new Characters(single(character));
        };
    }

    private CharacterSet single(int character) {
        if (character >= 0xd800 && character <= 0xdfff) {
            throw refuse("a surrogate without its pair");
        }
        return CharacterSet.of(character, character);
    }

    private RegularExpression group() {
        if (take('?') && !take(':')) {
            throw refuse("only groups (…) and (?:…) are supported");
        }
        RegularExpression inner = alternatives();
        if (take('$')) {
            throw refuse("$ is supported at the end only");
        }
        if (!take(')')) {
            throw refuse("a group has no end");
        }
        return inner;
    }

    private RegularExpression quantified(RegularExpression atom) {
        if (at == text.length) {
            return atom;
        }
        int least;
        int most;
        int begin = at;
        switch (text[at++]) {
            case '*' -> {
                least = 0;
                most = -1;
            }
            case '+' -> {
                least = 1;
                most = -1;
            }
            case '?' -> {
                least = 0;
                most = 1;
            }
            case '{' -> {
                least = count();
                most = take(',') ? (at < text.length && text[at] == '}' ? -1 : count()) : least;
                if (!take('}')) {
                    throw refuse("a quantifier is {n}, {n,} or {n,m}");
                }
                if (most >= 0 && most < least) {
                    throw refuse("a quantifier's limits are in the wrong order");
                }
            }
            default -> {
                at = begin;
                return atom;
            }
        }
        take('?');
        if (at < text.length && "*+?{".indexOf(text[at]) >= 0) {
            throw refuse("a quantifier after a quantifier");
        }
        return new Repeated(atom, least, most);
    }

    private int count() {
        int value = -1;
        while (at < text.length && text[at] >= '0' && text[at] <= '9') {
            value = Math.max(0, value) * 10 + text[at++] - '0';
            if (value > COUNT_MAX) {
                throw refuse("a quantifier counts to more than " + COUNT_MAX);
            }
        }
        if (value < 0) {
            throw refuse("a quantifier is {n}, {n,} or {n,m}");
        }
        return value;
    }

    private CharacterSet characterClass() {
        boolean negated = take('^');
        CharacterSet set = CharacterSet.of(0, -1);
        while (!take(']')) {
            CharacterSet first = classAtom();
            boolean range = at + 1 < text.length && text[at] == '-' && text[at + 1] != ']';
            if (!range) {
                set = set.or(first);
                continue;
            }
            at++;
            CharacterSet last = classAtom();
            int from = only(first);
            int to = only(last);
            if (from > to) {
                throw refuse("a range in the wrong order");
            }
            set = set.or(CharacterSet.of(from, to));
        }
        set = negated ? set.complement() : set;
        if (set.isEmpty()) {
            throw refuse("a class without characters");
        }
        return set;
    }

    private CharacterSet classAtom() {
        if (at == text.length) {
            throw refuse("a class has no end");
        }
        int character = text[at++];
        return character == '\\' ? escape() : single(character);
    }

    private int only(CharacterSet set) {
        if (set.ranges().size() != 1
                || set.ranges().getFirst().first() != set.ranges().getFirst().last()) {
            throw refuse("a range needs single characters");
        }
        return set.ranges().getFirst().first();
    }

    private CharacterSet escape() {
        if (at == text.length) {
            throw refuse("nothing after \\");
        }
        int character = text[at++];
        return switch (character) {
            case 'd' -> CharacterSet.DIGITS;
            case 'D' -> CharacterSet.DIGITS.complement();
            case 'w' -> CharacterSet.WORD;
            case 'W' -> CharacterSet.WORD.complement();
            case 's' -> CharacterSet.SPACES;
            case 'S' -> CharacterSet.SPACES.complement();
            case 'n' -> single('\n');
            case 'r' -> single('\r');
            case 't' -> single('\t');
            case 'f' -> single('\f');
            case 'v' -> single(0x0b);
            case 'x' -> single(hex(2));
            case 'u' -> single(hex(4));
            default -> {
                if (CharacterSet.WORD.contains(character)) {
                    throw refuse("\\%c is not supported".formatted(character));
                }
                yield single(character);
            }
        };
    }

    private int hex(int digits) {
        int value = 0;
        for (int i = 0; i < digits; i++) {
            int digit = at < text.length ? Character.digit(text[at++], 16) : -1;
            if (digit < 0) {
                throw refuse("%d hexadecimal digits are needed".formatted(digits));
            }
            value = value * 16 + digit;
        }
        return value;
    }
}
