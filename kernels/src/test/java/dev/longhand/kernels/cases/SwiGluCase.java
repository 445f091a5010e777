package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/**
 * SwiGLU.
 *
 * @param scale magnitude of gate and up; a large one drives the exponential to its ends
 */
public record SwiGluCase(int rows, int width, float scale) implements OpCase {
    @Override
    public String name() {
        return "swiglu %d x %d scale %s".formatted(rows, width, scale);
    }

    @Override
    public long flops() {
        return 10L * rows * width;
    }

    @Override
    public long bytes() {
        return 12L * rows * width;
    }

    private float[] gateUp() {
        return CaseData.normal(name(), 2 * rows * width, scale);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows,
                width,
                null,
                prepared -> {
                    Tensor gateUp = prepared.place(gateUp(), Shape.of(rows, 2L * width));
                    return () -> backend.swiGlu(gateUp, prepared.out(), rows);
                });
    }

    @Override
    public float[] plain(Precision precision) {
        float[] gateUp = gateUp();
        float[] result = new float[rows * width];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                float gate = gateUp[2 * row * width + i];
                float up = gateUp[(2 * row + 1) * width + i];
                result[row * width + i] = gate / (1 + (float) Math.exp(-gate)) * up;
            }
        }
        return result;
    }
}
