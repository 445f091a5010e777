package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;

/** The activations that the library knows for the gate of an MLP. */
public enum CpuActivation {
    /** SiLU: g / (1 + exp(-g)). */
    SILU(LonghandCpu.LH_SILU()),
    /** GELU by its approximation with tanh. */
    GELU_TANH(LonghandCpu.LH_GELU_TANH());

    private final int code;

    CpuActivation(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
