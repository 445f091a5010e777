package dev.longhand.engine.constraint;

import dev.longhand.engine.constraint.AutomatonState.Frame;
import dev.longhand.engine.error.AnswerFormatException;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The states of one automaton, made deterministic as far as texts reach them. Each is computed once
 * and kept until there are too many; then all are forgotten, and those in use go on to work.
 */
final class AutomatonStates {
    /** Limit for open calls; about 80 objects and arrays within each other. */
    static final int DEPTH_MAX = 256;

    /** Limit for the positions of a state. */
    private static final int POSITIONS_MAX = 2048;

    private static final int STATES_MAX = 2048;

    private record Position(int node, @Nullable Frame frame) {}

    private record Call(int node, @Nullable Frame caller) {}

    private final Automaton automaton;
    private final Map<AutomatonState, AutomatonState> states = new HashMap<>();
    private final Map<Call, Frame> frames = new HashMap<>();
    private final Set<Position> seen = new HashSet<>();
    private final List<Position> open = new ArrayList<>(); // of which edges are to be followed
    private final List<Position> reading = new ArrayList<>();
    private boolean accepting;
    private boolean escaped;
    private int frameCount;
    private long work;

    AutomatonStates(Automaton automaton) {
        this.automaton = automaton;
    }

    /** Returns the positions that were looked at so far: the measure of work. */
    long work() {
        return work;
    }

    /** Returns the state that no text leads to. */
    AutomatonState none() {
        begin();
        return intern();
    }

    /** Returns the state before the first byte of a rule whose end is the end of the text. */
    AutomatonState start(int node) {
        begin();
        visit(node, null);
        return intern();
    }

    /** Returns the state at a position of a state, with an unknown caller around it. */
    AutomatonState unknownCaller(int node) {
        begin();
        visit(node, new Frame(-1, -1, null, DEPTH_MAX / 2));
        return intern();
    }

    /** Returns the state at some of the positions of a state. */
    AutomatonState part(AutomatonState whole, int from, int to) {
        begin();
        for (int i = from; i < to; i++) {
            visit(whole.node(i), whole.frame(i));
        }
        return intern();
    }

    /** Returns the state after a byte; it is dead if the byte cannot come next. */
    AutomatonState step(AutomatonState state, int value) {
        AutomatonState known = state.next(value);
        if (known != null) {
            return known;
        }
        begin();
        for (int i = 0; i < state.size(); i++) {
            int node = state.node(i);
            for (int e = automaton.firstEdge(node); e < automaton.endEdge(node); e++) {
                if (automaton.low(e) >= 0
                        && automaton.low(e) <= value
                        && value <= automaton.high(e)) {
                    visit(automaton.target(e), state.frame(i));
                }
                work++;
            }
        }
        AutomatonState next = intern();
        state.setNext(value, next);
        return next;
    }

    private void begin() {
        seen.clear();
        reading.clear();
        accepting = false;
        escaped = false;
    }

    /** Adds a position, and those that it leads to without reading a byte. */
    private void visit(int first, @Nullable Frame frame) {
        add(first, frame);
        while (!open.isEmpty()) {
            Position at = open.removeLast();
            work++;
            if (automaton.returns(at.node)) {
                leave(at.frame);
            }
            boolean reads = false;
            for (int e = automaton.firstEdge(at.node); e < automaton.endEdge(at.node); e++) {
                switch (automaton.low(e)) {
                    case Automaton.EMPTY -> add(automaton.target(e), at.frame);
                    case Automaton.CALL -> call(e, at.frame);
                    case Automaton.NESTED_CALL -> {
                        if (at.frame == null || at.frame.depth() < DEPTH_MAX) {
                            call(e, at.frame);
                        }
                    }
                    default -> reads = true;
                }
            }
            if (reads) {
                reading.add(at);
            }
        }
    }

    private void add(int node, @Nullable Frame frame) {
        Position position = new Position(node, frame);
        if (seen.add(position)) {
            if (seen.size() > POSITIONS_MAX) {
                open.clear();
                throw new AnswerFormatException(
                        "the format is too ambiguous: a text has more than %d ways to go on"
                                .formatted(POSITIONS_MAX));
            }
            open.add(position);
        }
    }

    private void call(int edge, @Nullable Frame frame) {
        Call key = new Call(automaton.target(edge), frame);
        Frame inner = frames.get(key);
        if (inner == null) {
            int depth = frame == null ? 1 : frame.depth() + 1;
            inner = new Frame(frameCount++, key.node, frame, depth);
            frames.put(key, inner);
        }
        add(automaton.high(edge), inner);
    }

    private void leave(@Nullable Frame frame) {
        if (frame == null) {
            accepting = true;
        } else if (frame.node() < 0) {
            escaped = true;
        } else {
            add(frame.node(), frame.caller());
        }
    }

    private AutomatonState intern() {
        Position[] sorted = reading.toArray(new Position[0]);
        Arrays.sort(sorted, AutomatonStates::compare);
        int[] nodes = new int[sorted.length];
        @Nullable Frame[] calls = new Frame[sorted.length];
        for (int i = 0; i < sorted.length; i++) {
            nodes[i] = sorted[i].node;
            calls[i] = sorted[i].frame;
        }
        AutomatonState state = new AutomatonState(nodes, calls, accepting, escaped);
        AutomatonState known = states.putIfAbsent(state, state);
        if (known != null) {
            return known;
        }
        if (states.size() > STATES_MAX) {
            forget();
            states.put(state, state);
        }
        return state;
    }

    private void forget() {
        states.clear();
        frames.clear();
    }

    private static int compare(Position a, Position b) {
        int byNode = Integer.compare(a.node, b.node);
        return byNode != 0 ? byNode : Integer.compare(id(a.frame), id(b.frame));
    }

    private static int id(@Nullable Frame frame) {
        return frame == null ? -1 : frame.id();
    }
}
