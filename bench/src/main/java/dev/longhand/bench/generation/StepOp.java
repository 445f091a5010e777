package dev.longhand.bench.generation;

import dev.longhand.bench.report.Metric;

/** The parts of a decode step that are timed, from the bottom of a bar to its top. */
public enum StepOp {
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
    public String label() {
        return label;
    }

    /** The time of the op in a step. */
    public Metric time() {
        return new Metric(label, "ms");
    }
}
