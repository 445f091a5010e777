package dev.longhand.engine.constraint;

import dev.longhand.engine.error.AnswerFormatException;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A pushdown automaton over bytes, not deterministic. Its nodes are numbered; an edge reads a byte
 * of a range, reads nothing, or calls a rule. A rule is entered at its first node and left at a
 * node that returns; then the call goes on at the target of its edge. So rules may be recursive, as
 * JSON is.
 */
final class Automaton {
    /** Limit for nodes; with four edges for each, a format takes at most 2 MB. */
    static final int NODES_MAX = 1 << 15;

    static final int EMPTY = -1;
    static final int CALL = -2;

    /** A call that the limit for nesting may refuse; other calls are never refused. */
    static final int NESTED_CALL = -3;

    private final int[] firstEdge; // by node, with the end of the last
    private final int[] low; // by edge: the least byte, EMPTY or a call
    private final int[] high; // the greatest byte, or the first node of the rule
    private final int[] target;
    private final boolean[] returns; // by node

    private Automaton(int[] firstEdge, int[] low, int[] high, int[] target, boolean[] returns) {
        this.firstEdge = firstEdge;
        this.low = low;
        this.high = high;
        this.target = target;
        this.returns = returns;
    }

    /** Returns the heap that the automaton takes, in bytes. */
    long bytes() {
        return Integer.BYTES * (firstEdge.length + 3L * low.length) + returns.length;
    }

    int firstEdge(int node) {
        return firstEdge[node];
    }

    int endEdge(int node) {
        return firstEdge[node + 1];
    }

    /** Returns the least byte of an edge, {@link #EMPTY} or a call. */
    int low(int edge) {
        return low[edge];
    }

    /** Returns the greatest byte of an edge, or the first node of the rule that it calls. */
    int high(int edge) {
        return high[edge];
    }

    int target(int edge) {
        return target[edge];
    }

    /** Whether the rule of a node may end there. */
    boolean returns(int node) {
        return returns[node];
    }

    /** A builder. Nodes have the numbers in which they are created, and so have equal rules. */
    static final class Builder {
        private int nodes;
        private int edges;
        private int[] from = new int[256];
        private int[] low = new int[256];
        private int[] high = new int[256];
        private int[] target = new int[256];
        private boolean[] returns = new boolean[256];

        /** Creates a node without edges. */
        int node() {
            if (nodes == NODES_MAX) {
                throw tooLarge();
            }
            if (nodes == returns.length) {
                returns = Arrays.copyOf(returns, 2 * nodes);
            }
            return nodes++;
        }

        private static AnswerFormatException tooLarge() {
            return new AnswerFormatException(
                    "the format is too large: it takes more than %d states".formatted(NODES_MAX));
        }

        /** Adds an edge that reads a byte in {@code least..greatest}. */
        void bytes(int source, int least, int greatest, int to) {
            edge(source, least, greatest, to);
        }

        /** Adds an edge that reads nothing. */
        void empty(int source, int to) {
            edge(source, EMPTY, 0, to);
        }

        /** Adds an edge that calls the rule with the first node {@code rule}. */
        void call(int source, int rule, int to) {
            edge(source, CALL, rule, to);
        }

        /** Adds an edge that calls the rule of an object or array. */
        void nestedCall(int source, int rule, int to) {
            edge(source, NESTED_CALL, rule, to);
        }

        /** Lets a rule end at a node. */
        void returnAt(int node) {
            returns[node] = true;
        }

        /** Adds a path that reads these bytes; returns its end. */
        int text(int source, byte[] text) {
            int at = source;
            for (byte each : text) {
                int next = node();
                bytes(at, each & 0xff, each & 0xff, next);
                at = next;
            }
            return at;
        }

        /** Adds a path that reads this text; returns its end. */
        int text(int source, String text) {
            return text(source, text.getBytes(StandardCharsets.UTF_8));
        }

        private void edge(int source, int least, int greatest, int to) {
            if (edges == 4 * NODES_MAX) {
                throw tooLarge();
            }
            if (edges == from.length) {
                from = Arrays.copyOf(from, 2 * edges);
                low = Arrays.copyOf(low, 2 * edges);
                high = Arrays.copyOf(high, 2 * edges);
                target = Arrays.copyOf(target, 2 * edges);
            }
            from[edges] = source;
            low[edges] = least;
            high[edges] = greatest;
            target[edges++] = to;
        }

        Automaton build() {
            int[] first = new int[nodes + 1];
            for (int i = 0; i < edges; i++) {
                first[from[i] + 1]++;
            }
            for (int node = 0; node < nodes; node++) {
                first[node + 1] += first[node];
            }
            int[] at = first.clone();
            int[] lows = new int[edges];
            int[] highs = new int[edges];
            int[] targets = new int[edges];
            for (int i = 0; i < edges; i++) {
                int slot = at[from[i]]++;
                lows[slot] = low[i];
                highs[slot] = high[i];
                targets[slot] = target[i];
            }
            return new Automaton(first, lows, highs, targets, Arrays.copyOf(returns, nodes));
        }
    }
}
