package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/**
 * RMSNorm with eps 1e-6.
 *
 * @param scale magnitude of x; a small one makes eps count
 * @param accumulate whether the norm is added to what the output holds
 */
public record RmsNormCase(int rows, int width, float scale, boolean accumulate) implements OpCase {
    private static final float EPS = 1e-6f;

    @Override
    public String name() {
        return "rms_norm %d x %d scale %s%s"
                .formatted(rows, width, scale, accumulate ? " added" : "");
    }

    @Override
    public long flops() {
        return 4L * rows * width;
    }

    @Override
    public long bytes() {
        return 4L * width * ((accumulate ? 3L : 2L) * rows + 1);
    }

    private float[] x() {
        return CaseData.normal(name(), rows * width, scale);
    }

    private float[] weight() {
        return CaseData.normal("weight " + width, width, 1);
    }

    private float[] initial() {
        return accumulate
                ? CaseData.normal(name() + " out", rows * width, scale)
                : new float[rows * width];
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows,
                width,
                initial(),
                prepared -> {
                    Tensor x = prepared.place(x(), Shape.of(rows, width));
                    Tensor weight = prepared.place(weight(), Shape.of(width));
                    Norm norm = new Norm(weight, EPS);
                    return () -> backend.rmsNorm(x, norm, prepared.out(), rows, accumulate);
                });
    }

    @Override
    public float[] plain(Precision precision) {
        float[] x = x();
        float[] weight = weight();
        float[] result = initial();
        for (int row = 0; row < rows; row++) {
            float squares = 0;
            for (int i = 0; i < width; i++) {
                squares += x[row * width + i] * x[row * width + i];
            }
            float scaling = 1 / (float) Math.sqrt(squares / width + EPS);
            for (int i = 0; i < width; i++) {
                result[row * width + i] += x[row * width + i] * scaling * weight[i];
            }
        }
        return result;
    }
}
