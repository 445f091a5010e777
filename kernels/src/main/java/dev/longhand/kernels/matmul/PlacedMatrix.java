package dev.longhand.kernels.matmul;

import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.util.List;

/**
 * The weights of one linear layer as tensors of one backend.
 *
 * @param matrix the same weights with backend-independent types
 * @param weights [outputs, inputs]
 * @param bias [outputs] in F32, or null
 */
public record PlacedMatrix<T extends Tensor>(LinearMatrix matrix, T weights, @Nullable T bias) {
    /** Output features. */
    public int outputs() {
        return matrix.outputs();
    }

    /** Returns the {@link #matrix} of each element. */
    public static List<LinearMatrix> matrices(List<? extends PlacedMatrix<?>> placed) {
        return placed.stream().<LinearMatrix>map(PlacedMatrix::matrix).toList();
    }
}
