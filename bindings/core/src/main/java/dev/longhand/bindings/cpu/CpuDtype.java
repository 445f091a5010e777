package dev.longhand.bindings.cpu;

import dev.longhand.bindings.cpu.generated.LonghandCpu;

/** The element types of the library, with its codes for them. */
public enum CpuDtype {
    F32(LonghandCpu.LH_F32()),
    BF16(LonghandCpu.LH_BF16()),
    F16(LonghandCpu.LH_F16()),
    /** For the weights of linear layers only. */
    INT8(LonghandCpu.LH_INT8()),
    /** For the weights of linear layers only. */
    INT4(LonghandCpu.LH_INT4()),
    /** For the weights of linear layers only. */
    INT8_G128(LonghandCpu.LH_INT8_G128()),
    /** For the weights of linear layers only. */
    INT4_G128(LonghandCpu.LH_INT4_G128()),
    /** For the weights of linear layers and embeddings only. */
    INT8_F16(LonghandCpu.LH_INT8_F16()),
    /** For the weights of linear layers and embeddings only. */
    INT4_F16(LonghandCpu.LH_INT4_F16()),
    /** For the weights of linear layers and embeddings only. */
    INT8_MINIMA(LonghandCpu.LH_INT8_MINIMA()),
    /** For the weights of linear layers and embeddings only. */
    INT4_MINIMA(LonghandCpu.LH_INT4_MINIMA()),
    /** For the weights of linear layers and embeddings only. */
    INT8_NESTED(LonghandCpu.LH_INT8_NESTED()),
    /** For the weights of linear layers and embeddings only. */
    INT4_NESTED(LonghandCpu.LH_INT4_NESTED()),
    /** For the weights of linear layers and embeddings only. */
    INT8_NESTED16(LonghandCpu.LH_INT8_NESTED16());

    private final int code;

    CpuDtype(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }
}
