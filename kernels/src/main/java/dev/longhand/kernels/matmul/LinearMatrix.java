package dev.longhand.kernels.matmul;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

/**
 * The weights of one linear layer.
 *
 * @param weights [outputs, inputs] in BF16, F16, F32 or quantised
 * @param bias [outputs] in F32, or null
 */
public record LinearMatrix(Tensor weights, @Nullable Tensor bias) {
    public LinearMatrix {
        if (weights.shape().rank() != 2 || weights.dtype() == DType.I32) {
            throw new IllegalArgumentException(
                    "weights must be a floating-point matrix, not %s %s"
                            .formatted(weights.dtype(), weights.shape()));
        }
        if (bias != null
                && (bias.dtype() != DType.F32
                        || bias.shape().elements() != weights.shape().extent(0))) {
            throw new IllegalArgumentException(
                    "bias %s %s does not fit weights %s"
                            .formatted(bias.dtype(), bias.shape(), weights.shape()));
        }
    }

    /** Output features. */
    public int outputs() {
        return Math.toIntExact(weights.shape().extent(0));
    }

    /** Input features. */
    public int inputs() {
        return Math.toIntExact(weights.shape().extent(1));
    }
}
