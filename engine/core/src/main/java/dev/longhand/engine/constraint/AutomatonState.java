package dev.longhand.engine.constraint;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/**
 * A set of positions in an automaton: those that some bytes may have led to. A position is a node
 * and the calls that are open there. Interned by {@link AutomatonStates}, which also fills in the
 * fields that are computed on demand.
 */
final class AutomatonState {
    /**
     * An open call.
     *
     * @param id ascending by creation
     * @param node the node where the caller goes on; -1 if unknown, below the oldest known call
     * @param caller the call around it; null if there is none
     * @param depth number of open calls
     */
    record Frame(int id, int node, @Nullable Frame caller, int depth) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return id;
        }
    }

    private final int[] nodes; // ascending, those that read a byte
    private final @Nullable Frame[] frames; // the innermost open call of each
    private final boolean accepting;
    private final boolean escaped;
    private final int hash;
    private @Nullable AutomatonState @Nullable [] next; // by byte
    private long @Nullable [] tokens;

    AutomatonState(int[] nodes, @Nullable Frame[] frames, boolean accepting, boolean escaped) {
        this.nodes = nodes;
        this.frames = frames;
        this.accepting = accepting;
        this.escaped = escaped;
        int code = Arrays.hashCode(nodes);
        for (Frame frame : frames) {
            code = 31 * code + (frame == null ? 0 : frame.id);
        }
        hash = 4 * code + (accepting ? 1 : 0) + (escaped ? 2 : 0);
    }

    int size() {
        return nodes.length;
    }

    int node(int index) {
        return nodes[index];
    }

    @Nullable Frame frame(int index) {
        return frames[index];
    }

    /** Whether the text may end here. */
    boolean accepting() {
        return accepting;
    }

    /** Whether a rule has ended whose caller is unknown. */
    boolean escaped() {
        return escaped;
    }

    /** Whether no text leads here. */
    boolean dead() {
        return nodes.length == 0 && !accepting && !escaped;
    }

    /** Whether the text ends here and cannot go on. */
    boolean complete() {
        return nodes.length == 0 && accepting;
    }

    /** Returns the state after a byte if it is known. */
    @Nullable AutomatonState next(int value) {
        return next == null ? null : next[value];
    }

    void setNext(int value, AutomatonState state) {
        if (next == null) {
            next = new AutomatonState[256];
        }
        next[value] = state;
    }

    /** Returns the tokens that may come next, a bit for each, if they are known. */
    long @Nullable [] tokens() {
        return tokens;
    }

    void setTokens(long @Nullable [] bits) {
        tokens = bits;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AutomatonState state
                && hash == state.hash
                && accepting == state.accepting
                && escaped == state.escaped
                && Arrays.equals(nodes, state.nodes)
                && Arrays.equals(frames, state.frames);
    }

    @Override
    public int hashCode() {
        return hash;
    }
}
