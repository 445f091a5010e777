package dev.longhand.engine.architecture;

/** The linear layers of a transformer layer. Adapters may change each of them. */
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
    /** The up projection of the MLP, which the gate multiplies. */
    UP(Group.GATE_UP, 1),
    /** The MLP's output to the residual stream. */
    DOWN(Group.DOWN, 0);

    /** Projections that read the same input and are computed by one matrix product. */
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

    /** Returns the group that it belongs to. */
    public Group group() {
        return group;
    }

    /** Returns its index within the group, from 0. */
    public int index() {
        return index;
    }
}
