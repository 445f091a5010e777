package dev.longhand.engine.constraint;

import java.util.List;

/**
 * A regular expression, parsed. {@link RegexParser} makes it; {@link #add} adds it to an automaton.
 */
sealed interface RegularExpression {
    /** A number of characters beyond all limits. */
    long LONG = Integer.MAX_VALUE;

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

    /** The number of characters in the shortest text, at most {@link #LONG}. */
    default long shortest() {
        long length =
                switch (this) {
                    case Characters _ -> 1;
                    case Sequence(var parts) ->
                            parts.stream().mapToLong(RegularExpression::shortest).sum();
                    case Alternatives(var parts) ->
                            parts.stream().mapToLong(RegularExpression::shortest).min().orElse(0);
                    case Repeated(var part, int times, int _) -> times * part.shortest();
                };
        return Math.min(LONG, length);
    }

    /** The number of characters in the longest text; {@link #LONG} if there is no limit. */
    default long longest() {
        long length =
                switch (this) {
                    case Characters _ -> 1;
                    case Sequence(var parts) ->
                            parts.stream().mapToLong(RegularExpression::longest).sum();
                    case Alternatives(var parts) ->
                            parts.stream().mapToLong(RegularExpression::longest).max().orElse(0);
                    case Repeated(var part, int _, int times) ->
                            (times < 0 ? LONG : times) * part.longest();
                };
        return Math.min(LONG, length);
    }

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
