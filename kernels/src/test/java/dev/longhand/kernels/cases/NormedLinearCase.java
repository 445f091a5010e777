package dev.longhand.kernels.cases;

import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;

/**
 * A linear layer of a normed input, and the gated pair of an MLP: the ops that backends may fuse.
 *
 * @param label which layer of which model
 * @param dtype of the weights
 * @param rows activations
 * @param inputs K
 * @param outputs N, of each of gate and up
 * @param gated activation(gate) * up instead of one product
 * @param activation of the gate
 */
public record NormedLinearCase(
        String label,
        DType dtype,
        int rows,
        int inputs,
        int outputs,
        boolean gated,
        Activation activation)
        implements OpCase {
    private static final float EPS = 1e-5f;

    /** A case with SiLU. */
    NormedLinearCase(String label, DType dtype, int rows, int inputs, int outputs, boolean gated) {
        this(label, dtype, rows, inputs, outputs, gated, Activation.SILU);
    }

    @Override
    public String name() {
        return "%s %s %s %d x %d -> %d"
                .formatted(gated ? gate() : "normed linear", label, dtype, rows, inputs, outputs);
    }

    private String gate() {
        return activation == Activation.SILU ? "normed gated" : "normed gated by GELU";
    }

    private int matrices() {
        return gated ? 2 : 1;
    }

    @Override
    public long flops() {
        return 2L * rows * inputs * outputs * matrices();
    }

    @Override
    public long bytes() {
        return dtype.bytes(shape()) * matrices() + 4L * rows * (inputs + outputs);
    }

    @Override
    public Optional<String> refusal(ComputeBackend backend) {
        return backend.capabilities().refusal(dtype);
    }

    private String seed(int matrix) {
        return label + " weights " + matrix;
    }

    private Shape shape() {
        return Shape.of(outputs, inputs);
    }

    private float scale() {
        return (float) (1 / Math.sqrt(inputs));
    }

    private HostTensor weights(Arena arena, int matrix) {
        return CaseData.hostWeights(arena, seed(matrix), dtype, shape(), scale());
    }

    private float[] x() {
        return CaseData.normal(name() + " x", rows * inputs, 3);
    }

    private float[] norm() {
        return CaseData.normal(name() + " norm", inputs, 1);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(backend, rows, outputs, null, prepared -> build(backend, prepared));
    }

    private Runnable build(ComputeBackend backend, PreparedOp prepared) {
        Tensor x = prepared.place(x(), Shape.of(rows, inputs));
        Norm norm = new Norm(prepared.place(norm(), Shape.of(inputs)), EPS);
        Tensor normed = backend.allocate(DType.F32, Shape.of(rows, inputs));
        LinearMatrix first = matrix(backend, prepared, 0);
        Tensor out = prepared.out();
        if (gated) {
            Linear linear = backend.gatedLinear(first, matrix(backend, prepared, 1));
            Tensor both = backend.allocate(DType.F32, Shape.of(rows, 2L * outputs));
            return () ->
                    backend.applyGated(
                            linear, x, norm, activation, normed, both, out, Rows.of(rows));
        }
        Linear linear = backend.linear(List.of(first));
        return () -> backend.applyNormed(linear, x, norm, normed, out, Rows.of(rows));
    }

    private LinearMatrix matrix(ComputeBackend backend, PreparedOp prepared, int index) {
        return new LinearMatrix(
                CaseData.placeWeights(
                        backend, prepared.arena(), seed(index), dtype, shape(), scale()),
                null);
    }

    /** The scale of the norm comes last, so that what is rounded does not depend on the row. */
    @Override
    public float[] plain(Precision precision) {
        float[] x = x();
        float[] norm = norm();
        float[] result = new float[rows * outputs];
        try (Arena arena = Arena.ofShared()) {
            HostTensor first = weights(arena, 0);
            HostTensor second = gated ? weights(arena, 1) : first;
            float[] y = new float[inputs];
            for (int row = 0; row < rows; row++) {
                float squares = 0;
                for (int k = 0; k < inputs; k++) {
                    squares += x[row * inputs + k] * x[row * inputs + k];
                }
                float scale = 1 / (float) Math.sqrt(squares / inputs + EPS);
                for (int k = 0; k < inputs; k++) {
                    y[k] = x[row * inputs + k] * norm[k];
                }
                CaseData.roundOperands(y, 0, inputs, dtype, precision);
                for (int o = 0; o < outputs; o++) {
                    float product = scale * dot(y, first, o, precision);
                    if (gated) {
                        float activated = SwiGluCase.activated(activation, product);
                        product = activated * scale * dot(y, second, o, precision);
                    }
                    result[row * outputs + o] = product;
                }
            }
        }
        return result;
    }

    private float dot(float[] y, HostTensor weights, int output, Precision precision) {
        float sum = 0;
        for (int k = 0; k < inputs; k++) {
            sum += y[k] * precision.round(weights.get((long) output * inputs + k));
        }
        return sum;
    }
}
