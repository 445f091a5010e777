package dev.longhand.engine.architecture;

/** The linear layers of a transformer layer, by what they compute; adapters may change each. */
public enum Projection {
    /** Queries from the residual stream. */
    Q(Group.QKV, 0),
    /** Keys from the residual stream. */
    K(Group.QKV, 1),
    /** Values from the residual stream. */
    V(Group.QKV, 2),
    /** Attention's output to the residual stream. */
    O(Group.OUTPUT, 0),
    /** The gate of the MLP. */
    GATE(Group.GATE_UP, 0),
    /** What the gate multiplies. */
    UP(Group.GATE_UP, 1),
    /** The MLP's output to the residual stream. */
    DOWN(Group.DOWN, 0);

    /** Projections of the same input, which one matrix product computes. */
    public enum Group {
        /** Queries, keys and values. */
        QKV,
        /** Attention's output. */
        OUTPUT,
        /** Gate and up. */
        GATE_UP,
        /** The MLP's output. */
        DOWN
    }

    private final Group group;
    private final int index;

    Projection(Group group, int index) {
        this.group = group;
        this.index = index;
    }

    /** The group that it is computed with. */
    public Group group() {
        return group;
    }

    /** Its place in the group, from 0. */
    public int index() {
        return index;
    }
}
