package dev.longhand.kernels.backend;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Tensor;

/** Checks of the tensors that ops of training receive. */
public final class TrainingShapes {
    private TrainingShapes() {}

    /**
     * Refuses the tensors of an op.
     *
     * @throws IllegalArgumentException that names their shapes, unless the condition holds
     */
    public static void require(boolean condition, String op, Tensor... tensors) {
        if (!condition) {
            StringBuilder text = new StringBuilder(op + ": the shapes do not fit:");
            for (Tensor tensor : tensors) {
                text.append(' ').append(tensor.dtype()).append(' ').append(tensor.shape());
            }
            throw new IllegalArgumentException(text.toString());
        }
    }

    /** Requires F32 tensors of as many elements as the first. */
    public static void requireSame(String op, Tensor first, Tensor... others) {
        for (Tensor other : others) {
            require(
                    first.dtype() == DType.F32
                            && other.dtype() == DType.F32
                            && other.shape().elements() == first.shape().elements(),
                    op,
                    first,
                    other);
        }
    }

    /** Returns the rows of a tensor as an int. */
    public static int rows(Tensor tensor) {
        return Math.toIntExact(tensor.shape().rows());
    }

    /** Returns the width of a tensor as an int. */
    public static int width(Tensor tensor) {
        return Math.toIntExact(tensor.shape().width());
    }
}
