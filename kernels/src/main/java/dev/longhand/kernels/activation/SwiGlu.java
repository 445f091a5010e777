package dev.longhand.kernels.activation;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

/**
 * The gated activation of the MLP (Shazeer, 2020), SwiGLU or with another {@link Activation} a, for
 * example GeGLU: out[r, i] = a(g) * u with g = gateUp[r, i] and u = gateUp[r, width + i]. gateUp
 * [rows, 2 width], out [rows, width], F32.
 */
public final class SwiGlu {
    private SwiGlu() {}

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if a shape or dtype does not fit
     */
    public static void check(Tensor gateUp, Tensor out, int rows) {
        if (gateUp.dtype() != DType.F32
                || out.dtype() != DType.F32
                || gateUp.shape().width() != 2 * out.shape().width()
                || gateUp.shape().rows() < rows
                || out.shape().rows() < rows) {
            throw new IllegalArgumentException(
                    "SwiGLU over %d rows: gate and up %s, out %s"
                            .formatted(rows, gateUp.shape(), out.shape()));
        }
    }

    /** Computes the op in double precision: the oracle for every backend. */
    public static void reference(
            HostTensor gateUp, Activation activation, HostTensor out, int rows) {
        long width = out.shape().width();
        for (int row = 0; row < rows; row++) {
            for (long i = 0; i < width; i++) {
                double gate = gateUp.get(2L * row * width + i);
                double up = gateUp.get((2L * row + 1) * width + i);
                out.set(row * width + i, (float) (activation.of(gate) * up));
            }
        }
    }
}
