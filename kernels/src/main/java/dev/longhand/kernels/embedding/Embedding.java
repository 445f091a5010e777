package dev.longhand.kernels.embedding;

import dev.longhand.kernels.batch.StepBatch;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

/**
 * Token embedding: out[r, :] = scale table[token(r), :], widened to F32. One rounding, no
 * tolerance.
 */
public final class Embedding {
    private Embedding() {}

    /**
     * Checks the arguments; token ids are checked where requests enter the engine.
     *
     * @throws IllegalArgumentException if a shape or dtype does not fit
     */
    public static void check(Tensor table, StepBatch batch, Tensor out) {
        if (table.shape().rank() != 2
                || out.dtype() != DType.F32
                || out.shape().width() != table.shape().width()
                || out.shape().rows() < batch.rows()) {
            throw new IllegalArgumentException(
                    "embedding of %d rows: table %s, out %s %s"
                            .formatted(batch.rows(), table.shape(), out.dtype(), out.shape()));
        }
    }

    /** Computes the op in plain Java: the oracle for every backend. */
    public static void reference(HostTensor table, float scale, StepBatch batch, HostTensor out) {
        long width = table.shape().width();
        for (int row = 0; row < batch.rows(); row++) {
            for (long i = 0; i < width; i++) {
                out.set(row * width + i, scale * table.get(batch.token(row) * width + i));
            }
        }
    }
}
