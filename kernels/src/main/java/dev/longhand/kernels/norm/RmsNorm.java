package dev.longhand.kernels.norm;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

/**
 * Root-mean-square normalisation (Zhang and Sennrich, 2019): out[r, i] (+)= x[r, i] / sqrt(mean_j
 * x[r, j]^2 + eps) * weight[i]. x, out [rows, width] and weight [width] are F32.
 */
public final class RmsNorm {
    private RmsNorm() {}

    /**
     * Checks the arguments.
     *
     * @throws IllegalArgumentException if a shape or dtype does not fit
     */
    public static void check(Tensor x, Tensor weight, Tensor out, int rows) {
        if (x.dtype() != DType.F32
                || weight.dtype() != DType.F32
                || out.dtype() != DType.F32
                || weight.shape().elements() != x.shape().width()
                || out.shape().width() != x.shape().width()
                || x.shape().rows() < rows
                || out.shape().rows() < rows) {
            throw new IllegalArgumentException(
                    "RMSNorm over %d rows: x %s, weight %s, out %s"
                            .formatted(rows, x.shape(), weight.shape(), out.shape()));
        }
    }

    /** Computes the op in double precision: the oracle for every backend. */
    public static void reference(
            HostTensor x,
            HostTensor weight,
            float eps,
            HostTensor out,
            int rows,
            boolean accumulate) {
        for (int row = 0; row < rows; row++) {
            reference(x, row * x.shape().width(), weight, eps, out, accumulate);
        }
    }

    /** Computes the norm of the elements from {@code at} on, as many as the weight has. */
    public static void reference(
            HostTensor x,
            long at,
            HostTensor weight,
            float eps,
            HostTensor out,
            boolean accumulate) {
        long width = weight.shape().elements();
        double squares = 0;
        for (long i = 0; i < width; i++) {
            double value = x.get(at + i);
            squares += value * value;
        }
        double scale = 1 / Math.sqrt(squares / width + eps);
        for (long i = 0; i < width; i++) {
            double normed = x.get(at + i) * scale * weight.get(i);
            out.set(at + i, (float) (accumulate ? out.get(at + i) + normed : normed));
        }
    }
}
