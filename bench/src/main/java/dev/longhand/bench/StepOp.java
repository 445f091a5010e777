package dev.longhand.bench;

/** The parts of a decode step that are timed, from the bottom of a bar to its top. */
enum StepOp {
    GATE_UP("norm, gate, up"),
    DOWN("down"),
    QKV("norm, qkv"),
    OUTPUT("output"),
    HEAD("norm, head"),
    SAMPLING("sampling"),

    /** Embedding, RoPE, and the host between ops. */
    OTHER("other"),

    ATTENTION("attention");

    private final String label;

    StepOp(String label) {
        this.label = label;
    }

    /** The name in tables and charts. */
    String label() {
        return label;
    }
}
