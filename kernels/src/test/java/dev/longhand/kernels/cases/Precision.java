package dev.longhand.kernels.cases;

import dev.longhand.kernels.tensor.BFloat16;

/** What a backend rounds the operands of its products to; sums are F32 or better everywhere. */
public enum Precision {
    /** Operands as they are. */
    F32,
    /** Operands rounded to bf16, as tensor cores take them. */
    BF16;

    /** A value as an operand. */
    float round(float value) {
        return this == BF16 ? BFloat16.round(value) : value;
    }
}
