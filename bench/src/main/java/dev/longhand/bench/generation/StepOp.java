package dev.longhand.bench.generation;

import dev.longhand.bench.report.Metric;

/**
 * The timed parts of a decode step, in the order in which a bar of the chart stacks them from the
 * bottom.
 */
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

    /** The metric for the op's time in a step. */
    public Metric time() {
        return new Metric(label, "ms");
    }
}
