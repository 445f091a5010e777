package dev.longhand.kernels.backend;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/** Tensors of a {@link TrainingBackend} that are freed together. */
public interface TensorArena extends AutoCloseable {
    /** Allocates a tensor of zeros. */
    Tensor allocate(DType dtype, Shape shape);

    /** Frees the tensors; idempotent, and implied by the end of the backend. */
    @Override
    void close();
}
