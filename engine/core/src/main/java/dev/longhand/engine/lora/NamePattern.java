package dev.longhand.engine.lora;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A compiled regular expression for whole names, in the part of Python's syntax that PEFT
 * configurations use: literals, classes, groups, alternatives, repetitions, anchors, and looking
 * ahead and behind. Every other syntax is refused. Every step of a match is counted, those that
 * read nothing too, so that a match ends however the pattern is nested.
 */
final class NamePattern {
    /** Deepest nesting of groups. */
    private static final int DEPTH_MAX = 50;

    private static final int UNLIMITED = Integer.MAX_VALUE;

    private final String regex;
    private int at;
    private int depth;
    private final Node root;

    /** A part of the pattern. */
    private interface Node {
        /** Whether it matches from a position, and the rest matches from where it ends. */
        boolean matches(Match match, int from, Rest rest);
    }

    /** The rest of the pattern. */
    private interface Rest {
        boolean matches(int from);
    }

    /** One match: the name, and the count of its steps. */
    private record Match(String name, Steps steps) {}

    /** Counter of the steps of matches; throws when there are too many. */
    interface Steps {
        void count();
    }

    /** Error in a pattern; the message describes it. */
    static final class MalformedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        MalformedException(String message) {
            super(message);
        }
    }

    /**
     * Compiles a pattern.
     *
     * @throws MalformedException if it is malformed, or has syntax that is not supported
     */
    NamePattern(String regex) {
        this.regex = regex;
        root = alternatives();
        if (at < regex.length()) {
            throw new MalformedException("unmatched )");
        }
    }

    /** Returns whether the pattern matches a whole name. */
    boolean matches(String name, Steps steps) {
        return root.matches(new Match(name, steps), 0, end -> end == name.length());
    }

    private Node alternatives() {
        if (++depth > DEPTH_MAX) {
            throw new MalformedException("groups are nested too deeply");
        }
        List<Node> options = new ArrayList<>(List.of(sequence()));
        while (at < regex.length() && regex.charAt(at) == '|') {
            at++;
            options.add(sequence());
        }
        depth--;
        if (options.size() == 1) {
            return options.getFirst();
        }
        return (match, from, rest) -> {
            for (Node option : options) {
                match.steps.count();
                if (option.matches(match, from, rest)) {
                    return true;
                }
            }
            return false;
        };
    }

    private Node sequence() {
        List<Node> parts = new ArrayList<>();
        while (at < regex.length() && regex.charAt(at) != '|' && regex.charAt(at) != ')') {
            parts.add(repeated(atom()));
        }
        return (match, from, rest) -> sequence(parts, 0, match, from, rest);
    }

    private static boolean sequence(List<Node> parts, int index, Match match, int from, Rest rest) {
        match.steps.count();
        if (index == parts.size()) {
            return rest.matches(from);
        }
        return parts.get(index)
                .matches(match, from, end -> sequence(parts, index + 1, match, end, rest));
    }

    private Node repeated(Node part) {
        if (at == regex.length()) {
            return part;
        }
        int min = 0;
        int max = UNLIMITED;
        switch (regex.charAt(at)) {
            case '*' -> at++;
            case '+' -> {
                at++;
                min = 1;
            }
            case '?' -> {
                at++;
                max = 1;
            }
            case '{' -> {
                int end = regex.indexOf('}', at);
                String[] counts = regex.substring(at + 1, end < 0 ? at + 1 : end).split(",", -1);
                if (counts.length > 2 || String.join("", counts).isEmpty()) {
                    throw new MalformedException("a repetition is {n}, {n,}, {,n} or {n,m}");
                }
                min = counts[0].isEmpty() ? 0 : number(counts[0]);
                max =
                        counts.length == 1
                                ? min
                                : counts[1].isEmpty() ? UNLIMITED : number(counts[1]);
                at = end + 1;
            }
            default -> {
                return part;
            }
        }
        if (max < min) {
            throw new MalformedException("a repetition's bounds are in the wrong order");
        }
        return repeated(new Repetition(part, min, max));
    }

    private Node repeated(Repetition repetition) {
        if (at < regex.length()) {
            switch (regex.charAt(at)) {
                case '?' -> at++; // a lazy one matches the same whole names
                case '+', '*', '{' -> throw new MalformedException("multiple repeat");
                default -> {}
            }
        }
        return repetition;
    }

    private static int number(String digits) {
        if (!digits.matches("[0-9]{1,10}") || Long.parseLong(digits) > Integer.MAX_VALUE) {
            throw new MalformedException("a repetition has counts up to 2147483647");
        }
        return Integer.parseInt(digits);
    }

    /** A part that is matched several times in a row. */
    private record Repetition(Node part, int min, int max) implements Node {
        @Override
        public boolean matches(Match match, int from, Rest rest) {
            return matches(match, 0, from, rest);
        }

        private boolean matches(Match match, int count, int from, Rest rest) {
            match.steps.count();
            return (count < max
                            && part.matches(
                                    match,
                                    from,
                                    end -> end > from && matches(match, count + 1, end, rest)))
                    || ((count >= min || matchesNothing(match, from)) && rest.matches(from));
        }

        /** Whether the part matches nothing here, and so as often as it has to. */
        private boolean matchesNothing(Match match, int from) {
            return part.matches(match, from, end -> end == from);
        }
    }

    private Node atom() {
        char c = regex.charAt(at++);
        return switch (c) {
            case '(' -> group();
            case '[' -> one(new NameCharacters(regex, at).parse(end -> at = end));
            case '.' -> one(read -> read != '\n');
            case '^' -> (match, from, rest) -> from == 0 && rest.matches(from);
            case '$' -> (match, from, rest) -> from == match.name.length() && rest.matches(from);
            case '*', '+', '?', '{' -> throw new MalformedException("nothing to repeat");
            case '\\' -> escape();
            default -> one(read -> read == c);
        };
    }

    private static Node one(IntPredicate set) {
        return (match, from, rest) -> {
            match.steps.count();
            return from < match.name.length()
                    && set.test(match.name.charAt(from))
                    && rest.matches(from + 1);
        };
    }

    private Node escape() {
        if (at == regex.length()) {
            throw new MalformedException("a backslash ends the pattern");
        }
        char c = regex.charAt(at++);
        return switch (c) {
            case 'A' -> (match, from, rest) -> from == 0 && rest.matches(from);
            case 'Z' -> (match, from, rest) -> from == match.name.length() && rest.matches(from);
            case 'b' -> (match, from, rest) -> wordEnds(match.name, from) && rest.matches(from);
            case 'B' -> (match, from, rest) -> !wordEnds(match.name, from) && rest.matches(from);
            default -> one(NameCharacters.escaped(c));
        };
    }

    private static boolean wordEnds(String name, int at) {
        IntPredicate word = NameCharacters.escaped('w');
        boolean before = at > 0 && word.test(name.charAt(at - 1));
        return before != (at < name.length() && word.test(name.charAt(at)));
    }

    private Node group() {
        boolean ahead = take("?=");
        boolean notAhead = !ahead && take("?!");
        boolean behind = !ahead && !notAhead && take("?<=");
        boolean notBehind = !ahead && !notAhead && !behind && take("?<!");
        if (!ahead && !notAhead && !behind && !notBehind && !take("?:")) {
            skipName();
        }
        Node inner = alternatives();
        if (at == regex.length()) {
            throw new MalformedException("missing )");
        }
        at++;
        if (ahead || notAhead) {
            return (match, from, rest) ->
                    inner.matches(match, from, end -> true) == ahead && rest.matches(from);
        }
        if (behind || notBehind) {
            return (match, from, rest) ->
                    endsAt(inner, match, from) == behind && rest.matches(from);
        }
        return inner;
    }

    private static boolean endsAt(Node inner, Match match, int end) {
        for (int from = end; from >= 0; from--) {
            if (inner.matches(match, from, each -> each == end)) {
                return true;
            }
        }
        return false;
    }

    /** Skips the name of a named group. */
    private void skipName() {
        if (take("?P<") || take("?<")) {
            int end = regex.indexOf('>', at);
            if (end < 0) {
                throw new MalformedException("missing >");
            }
            at = end + 1;
        } else if (at < regex.length() && regex.charAt(at) == '?') {
            throw new MalformedException("groups with flags or conditions are not supported");
        }
    }

    private boolean take(String text) {
        if (regex.startsWith(text, at)) {
            at += text.length();
            return true;
        }
        return false;
    }
}
