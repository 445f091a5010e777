package dev.longhand.kernels.cases;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

/**
 * SwiGLU, or GeGLU by its activation.
 *
 * @param scale magnitude of gate and up; a large one drives the exponential to its ends
 */
public record SwiGluCase(int rows, int width, float scale, Activation activation)
        implements OpCase {
    @Override
    public String name() {
        String op = activation == Activation.SILU ? "swiglu" : "geglu";
        return "%s %d x %d scale %s".formatted(op, rows, width, scale);
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
                    return () -> backend.swiGlu(gateUp, activation, prepared.out(), rows);
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
                result[row * width + i] = activated(activation, gate) * up;
            }
        }
        return result;
    }

    /** An activation as it is defined, in F32. */
    static float activated(Activation activation, float gate) {
        return switch (activation) {
            case SILU -> gate / (1 + (float) Math.exp(-gate));
            case GELU_TANH -> {
                float inner = gate + 0.044715f * gate * gate * gate;
                yield gate / 2 * (1 + (float) Math.tanh((float) Math.sqrt(2 / Math.PI) * inner));
            }
        };
    }
}
