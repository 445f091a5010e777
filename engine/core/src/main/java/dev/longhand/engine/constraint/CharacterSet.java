package dev.longhand.engine.constraint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A set of Unicode characters (without surrogates): ascending ranges that do not touch. */
final class CharacterSet {
    /** A range of code points, both ends included. */
    record Range(int first, int last) {}

    static final CharacterSet ALL =
            new CharacterSet(List.of(new Range(0, 0xd7ff), new Range(0xe000, 0x10ffff)));
    static final CharacterSet DIGITS = of('0', '9');
    static final CharacterSet WORD = DIGITS.or(of('A', 'Z')).or(of('a', 'z')).or(of('_', '_'));
    static final CharacterSet SPACES = of('\t', '\r').or(of(' ', ' '));
    static final CharacterSet NO_LINE_END = of('\n', '\n').or(of('\r', '\r')).complement();

    /** Lengths of UTF-8 change after these code points. */
    private static final int[] UTF8_ENDS = {0x7f, 0x7ff, 0xffff, 0x10ffff};

    private final List<Range> ranges;

    private CharacterSet(List<Range> ranges) {
        this.ranges = ranges;
    }

    /** The characters in a range; surrogates in it are left out. */
    static CharacterSet of(int first, int last) {
        List<Range> ranges = new ArrayList<>();
        for (Range all : ALL.ranges) {
            int from = Math.max(first, all.first);
            int to = Math.min(last, all.last);
            if (from <= to) {
                ranges.add(new Range(from, to));
            }
        }
        return new CharacterSet(ranges);
    }

    CharacterSet or(CharacterSet other) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(other.ranges);
        all.sort(Comparator.comparingInt(Range::first));
        List<Range> joined = new ArrayList<>();
        for (Range each : all) {
            Range last = joined.isEmpty() ? null : joined.getLast();
            if (last != null && each.first <= last.last + 1) {
                joined.set(
                        joined.size() - 1, new Range(last.first, Math.max(last.last, each.last)));
            } else {
                joined.add(each);
            }
        }
        return new CharacterSet(joined);
    }

    CharacterSet complement() {
        CharacterSet result = new CharacterSet(List.of());
        int from = 0;
        for (Range each : ranges) {
            result = result.or(of(from, each.first - 1));
            from = each.last + 1;
        }
        return result.or(of(from, Character.MAX_CODE_POINT));
    }

    CharacterSet and(CharacterSet other) {
        return complement().or(other.complement()).complement();
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    boolean contains(int character) {
        return ranges.stream().anyMatch(r -> r.first <= character && character <= r.last);
    }

    List<Range> ranges() {
        return ranges;
    }

    /** Adds edges that read one of these characters in UTF-8. */
    void addUtf8(Automaton.Builder builder, int from, int to) {
        for (Range range : ranges) {
            int first = range.first;
            for (int end : UTF8_ENDS) {
                if (first <= end && first <= range.last) {
                    int last = Math.min(range.last, end);
                    addRange(builder, from, to, utf8(first), utf8(last), 0);
                    first = last + 1;
                }
            }
        }
    }

    private static byte[] utf8(int character) {
        return Character.toString(character).getBytes(StandardCharsets.UTF_8);
    }

    /** Adds the sequences of one length from {@code first} to {@code last}, from a byte on. */
    private static void addRange(
            Automaton.Builder builder, int from, int to, byte[] first, byte[] last, int at) {
        int low = first[at] & 0xff;
        int high = last[at] & 0xff;
        if (at == first.length - 1) {
            builder.bytes(from, low, high, to);
            return;
        }
        if (low == high) {
            int next = builder.node();
            builder.bytes(from, low, low, next);
            addRange(builder, next, to, first, last, at + 1);
            return;
        }
        byte[] least = first.clone();
        byte[] greatest = last.clone();
        for (int i = at + 1; i < first.length; i++) {
            least[i] = (byte) 0x80;
            greatest[i] = (byte) 0xbf;
        }
        if (!tailEquals(first, least, at)) {
            int next = builder.node();
            builder.bytes(from, low, low, next);
            addRange(builder, next, to, first, greatest, at + 1);
            low++;
        }
        boolean cut = !tailEquals(last, greatest, at);
        int whole = cut ? high - 1 : high;
        if (low <= whole) {
            int next = builder.node();
            builder.bytes(from, low, whole, next);
            addRange(builder, next, to, least, greatest, at + 1);
        }
        if (cut) {
            int next = builder.node();
            builder.bytes(from, high, high, next);
            addRange(builder, next, to, least, last, at + 1);
        }
    }

    private static boolean tailEquals(byte[] a, byte[] b, int at) {
        for (int i = at + 1; i < a.length; i++) {
            if (a[i] != b[i]) {
                return false;
            }
        }
        return true;
    }
}
