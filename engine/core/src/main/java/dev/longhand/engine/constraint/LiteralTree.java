package dev.longhand.engine.constraint;

import java.util.HashMap;
import java.util.Map;

/** Adds texts to an automaton so that beginnings which they share are there once. */
final class LiteralTree {
    private final Automaton.Builder builder;
    private final int from;
    private final int to;
    private final Map<Long, Integer> nodes = new HashMap<>(); // by node and byte

    /** Creates a tree without texts, between two nodes. */
    LiteralTree(Automaton.Builder builder, int from, int to) {
        this.builder = builder;
        this.from = from;
        this.to = to;
    }

    /** Adds a text. */
    void add(byte[] text) {
        int at = from;
        for (byte each : text) {
            int value = each & 0xff;
            Integer next = nodes.get((long) at << 8 | value);
            if (next == null) {
                next = builder.node();
                builder.bytes(at, value, value, next);
                nodes.put((long) at << 8 | value, next);
            }
            at = next;
        }
        builder.empty(at, to);
    }
}
