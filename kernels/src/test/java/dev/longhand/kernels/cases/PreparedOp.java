package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;

/** A case on a backend: its memory, what to run and where the result is. */
final class PreparedOp implements OpCase.Prepared {
    private final ComputeBackend backend;
    private final Arena arena = Arena.ofShared();
    private final Runnable op;
    private final Tensor out;
    private final int rows;
    private Runnable release = () -> {};

    /** Builds the op of a case over placed data. */
    interface Builder {
        /** Places data by means of {@code prepared} and returns the op. */
        Runnable build(PreparedOp prepared);
    }

    /**
     * A case with an output of its own.
     *
     * @param initial what the output holds first; null for zeros
     */
    PreparedOp(
            ComputeBackend backend,
            int rows,
            int width,
            float @Nullable [] initial,
            Builder builder) {
        this.backend = backend;
        this.rows = rows;
        out = place(initial == null ? new float[rows * width] : initial, Shape.of(rows, width));
        op = builder.build(this);
    }

    Arena arena() {
        return arena;
    }

    Tensor out() {
        return out;
    }

    Tensor place(float[] values, Shape shape) {
        return CaseData.place(backend, arena, values, shape);
    }

    /** What else {@link #close} has to free. */
    void onClose(Runnable action) {
        release = action;
    }

    @Override
    public void run() {
        op.run();
    }

    @Override
    public float[] result() {
        int width = Math.toIntExact(out.shape().width());
        float[] values = new float[rows * width];
        float[] row = new float[width];
        for (int i = 0; i < rows; i++) {
            backend.read(out, i, row);
            System.arraycopy(row, 0, values, i * width, width);
        }
        return values;
    }

    @Override
    public void close() {
        release.run();
        arena.close();
    }
}
