package dev.longhand.engine.constraint;

import java.util.List;

/**
 * A regular expression, parsed. {@link RegexParser} makes it; {@link #add} adds it to an automaton.
 */
sealed interface RegularExpression {
    /** Adds one character of a set to an automaton: as itself, or as it is spelled in JSON. */
    interface Spelling {
        void add(CharacterSet characters, int from, int to);
    }

    /** One character. */
    record Characters(CharacterSet set) implements RegularExpression {}

    /** Parts in a row; none is the empty text. */
    record Sequence(List<RegularExpression> parts) implements RegularExpression {}

    /** One of the parts. */
    record Alternatives(List<RegularExpression> parts) implements RegularExpression {}

    /**
     * A part several times.
     *
     * @param most -1 is no limit
     */
    record Repeated(RegularExpression part, int least, int most) implements RegularExpression {}

    /** Adds this expression to an automaton; returns its end. */
    default int add(Automaton.Builder builder, Spelling spelling, int from) {
        return switch (this) {
            case Characters(CharacterSet set) -> {
                int to = builder.node();
                spelling.add(set, from, to);
                yield to;
            }
            case Sequence(List<RegularExpression> parts) -> {
                int at = from;
                if (parts.isEmpty()) { // takes a state too, so that repetitions of it are limited
                    at = builder.node();
                    builder.empty(from, at);
                }
                for (RegularExpression part : parts) {
                    at = part.add(builder, spelling, at);
                }
                yield at;
            }
            case Alternatives(List<RegularExpression> parts) -> {
                int to = builder.node();
                for (RegularExpression part : parts) {
                    int start = builder.node();
                    builder.empty(from, start);
                    builder.empty(part.add(builder, spelling, start), to);
                }
                yield to;
            }
            case Repeated(RegularExpression part, int least, int most) -> {
                int at = from;
                for (int i = 0; i < least; i++) {
                    at = part.add(builder, spelling, at);
                }
                int to = builder.node();
                if (most < 0) {
                    int loop = builder.node();
                    builder.empty(at, loop);
                    builder.empty(part.add(builder, spelling, loop), loop);
                    builder.empty(loop, to);
                    yield to;
                }
                builder.empty(at, to);
                for (int i = least; i < most; i++) {
                    at = part.add(builder, spelling, at);
                    builder.empty(at, to);
                }
                yield to;
            }
        };
    }
}
