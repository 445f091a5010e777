package dev.longhand.engine.lora;

import dev.longhand.engine.lora.NamePattern.MalformedException;

import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/** A set of characters in brackets, as {@link NamePattern} reads it. */
final class NameCharacters {
    private final String regex;
    private int at;

    /**
     * Begins behind the opening bracket.
     *
     * @param at index of the first character of the set
     */
    NameCharacters(String regex, int at) {
        this.regex = regex;
        this.at = at;
    }

    /**
     * Reads the set.
     *
     * @param next receives the index behind the closing bracket
     */
    IntPredicate parse(IntConsumer next) {
        boolean negated = at < regex.length() && regex.charAt(at) == '^';
        at += negated ? 1 : 0;
        IntPredicate set = any -> false;
        int first = at;
        while (at == first || peek() != ']') { // a bracket in the first place is a member
            set = set.or(member());
        }
        next.accept(at + 1);
        return negated ? set.negate() : set;
    }

    private char peek() {
        if (at >= regex.length()) {
            throw new MalformedException("missing ]");
        }
        return regex.charAt(at);
    }

    private IntPredicate member() {
        char c = peek();
        at++;
        if (c == '\\') {
            char escaped = peek();
            at++;
            return escaped(escaped);
        }
        boolean range = peek() == '-' && at + 1 < regex.length() && regex.charAt(at + 1) != ']';
        if (!range) {
            return read -> read == c;
        }
        char last = regex.charAt(at + 1);
        if (last < c || last == '\\') {
            throw new MalformedException("bad character range");
        }
        at += 2;
        return read -> read >= c && read <= last;
    }

    /** Returns the characters that an escape stands for. */
    static IntPredicate escaped(char c) {
        return switch (c) {
            case 'd' -> read -> read >= '0' && read <= '9';
            case 'w' -> read -> Character.isLetterOrDigit(read) || read == '_';
            case 's' -> Character::isWhitespace;
            case 'D' -> escaped('d').negate();
            case 'W' -> escaped('w').negate();
            case 'S' -> escaped('s').negate();
            default -> {
                if (Character.isLetterOrDigit(c)) {
                    throw new MalformedException("the escape \\" + c + " is not supported");
                }
                yield read -> read == c;
            }
        };
    }
}
