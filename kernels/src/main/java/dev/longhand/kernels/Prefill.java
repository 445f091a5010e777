package dev.longhand.kernels;

/** The implementation of matrix multiplication over the many rows of a prompt on a GPU. */
public enum Prefill {
    /** Our kernels: batch invariant, a row's bits do not depend on the other rows. */
    OWN,
    /**
     * NVIDIA's cuBLAS (optional), for steps of at least 128 rows without an adapter that changes
     * the product. cuBLAS picks its kernel by the number of rows, so logits depend on how prompts
     * are cut into steps and on the other requests in a step: not batch invariant.
     */
    CUBLAS
}
