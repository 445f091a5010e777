package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/**
 * RMSNorm with eps 1e-6.
 *
 * @param scale magnitude of x; a small one makes eps count
 */
public record RmsNormCase(int rows, int width, float scale) implements OpCase {
    private static final float EPS = 1e-6f;

    @Override
    public String name() {
        return "rms_norm %d x %d scale %s".formatted(rows, width, scale);
    }

    @Override
    public long flops() {
        return 4L * rows * width;
    }

    @Override
    public long bytes() {
        return 4L * width * (2L * rows + 1);
    }

    private float[] x() {
        return CaseData.normal(name(), rows * width, scale);
    }

    private float[] weight() {
        return CaseData.normal("weight " + width, width, 1);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows,
                width,
                null,
                prepared -> {
                    Tensor x = prepared.place(x(), Shape.of(rows, width));
                    Tensor weight = prepared.place(weight(), Shape.of(width));
                    return () -> backend.rmsNorm(x, weight, EPS, prepared.out(), rows);
                });
    }

    @Override
    public float[] plain(Precision precision) {
        float[] x = x();
        float[] weight = weight();
        for (int row = 0; row < rows; row++) {
            float squares = 0;
            for (int i = 0; i < width; i++) {
                squares += x[row * width + i] * x[row * width + i];
            }
            float scaling = 1 / (float) Math.sqrt(squares / width + EPS);
            for (int i = 0; i < width; i++) {
                x[row * width + i] = x[row * width + i] * scaling * weight[i];
            }
        }
        return x;
    }
}
