package dev.longhand.kernels.activation;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

/**
 * The soft cap of logits (Bello et al., 2016), in place: x[r, i] = cap tanh(x[r, i] / cap). x
 * [rows, width], F32.
 */
public final class SoftCap {
    private SoftCap() {}

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if a shape, dtype or cap does not fit
     */
    public static void check(Tensor x, float cap, int rows) {
        if (x.dtype() != DType.F32 || !(cap > 0) || x.shape().rows() < rows) {
            throw new IllegalArgumentException(
                    "soft cap %s over %d rows of %s %s".formatted(cap, rows, x.dtype(), x.shape()));
        }
    }

    /** Computes the op in double precision: the oracle for every backend. */
    public static void reference(HostTensor x, float cap, int rows) {
        for (long i = 0; i < rows * x.shape().width(); i++) {
            x.set(i, (float) (cap * Math.tanh(x.get(i) / (double) cap)));
        }
    }
}
