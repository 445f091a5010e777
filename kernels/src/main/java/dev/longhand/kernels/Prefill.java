package dev.longhand.kernels;

/** Who multiplies the many rows of a prompt on a GPU. */
public enum Prefill {
    /** Our kernels: a row's bits do not depend on its company. */
    OWN,
    /**
     * NVIDIA's cuBLAS, an optional peer, where a step has at least 128 rows, none of which has an
     * adapter that changes the product. It picks its kernel by the number of rows, so that logits
     * depend on how prompts are cut into steps and on who shares a step: no batch invariance.
     */
    CUBLAS
}
