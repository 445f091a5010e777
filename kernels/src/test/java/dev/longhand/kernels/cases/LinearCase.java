package dev.longhand.kernels.cases;

import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A group of linear layers.
 *
 * @param label which layer of which model
 * @param dtype of the weights
 * @param rows activations
 * @param inputs K
 * @param outputs N of each matrix of the group
 * @param bias whether each matrix has one
 * @param accumulate whether the result is added to the output
 */
public record LinearCase(
        String label,
        DType dtype,
        int rows,
        int inputs,
        List<Integer> outputs,
        boolean bias,
        boolean accumulate)
        implements OpCase {
    @Override
    public String name() {
        return "linear %s %s %d x %d -> %s%s%s"
                .formatted(
                        label,
                        dtype,
                        rows,
                        inputs,
                        outputs,
                        bias ? " bias" : "",
                        accumulate ? " accumulate" : "");
    }

    private int width() {
        return outputs.stream().mapToInt(Integer::intValue).sum();
    }

    @Override
    public long flops() {
        return 2L * rows * inputs * width();
    }

    @Override
    public long bytes() {
        long weights = 0;
        for (int m = 0; m < outputs.size(); m++) {
            weights += dtype.bytes(shape(m));
        }
        return weights + 4L * rows * (inputs + width());
    }

    private String seed(int matrix) {
        return label + " weights " + matrix;
    }

    private Shape shape(int matrix) {
        return Shape.of(outputs.get(matrix), inputs);
    }

    private float scale() {
        return (float) (1 / Math.sqrt(inputs));
    }

    @Override
    public Optional<String> refusal(ComputeBackend backend) {
        return backend.capabilities().refusal(dtype);
    }

    private float[] biases(int matrix) {
        return CaseData.normal(label + " bias " + matrix, outputs.get(matrix), 1);
    }

    private float[] x() {
        return CaseData.normal(label + " x", rows * inputs, 1);
    }

    private float[] residual() {
        return CaseData.normal(label + " residual", rows * width(), 1);
    }

    @Override
    public Prepared prepare(ComputeBackend backend) {
        return new PreparedOp(
                backend,
                rows,
                width(),
                accumulate ? residual() : null,
                prepared -> {
                    Linear linear = backend.linear(matrices(backend, prepared));
                    Tensor x = prepared.place(x(), Shape.of(rows, inputs));
                    return () ->
                            backend.applyLinear(
                                    linear, x, prepared.out(), Rows.of(rows), accumulate);
                });
    }

    private List<LinearMatrix> matrices(ComputeBackend backend, PreparedOp prepared) {
        List<LinearMatrix> matrices = new ArrayList<>();
        for (int m = 0; m < outputs.size(); m++) {
            Tensor placedBias = bias ? prepared.place(biases(m), Shape.of(outputs.get(m))) : null;
            Tensor weights =
                    CaseData.placeWeights(
                            backend, prepared.arena(), seed(m), dtype, shape(m), scale());
            matrices.add(new LinearMatrix(weights, placedBias));
        }
        return matrices;
    }

    @Override
    public float[] plain(Precision precision) {
        float[] x = x();
        for (int row = 0; row < rows; row++) {
            CaseData.roundOperands(x, row * inputs, inputs, dtype, precision);
        }
        float[] result = accumulate ? residual() : new float[rows * width()];
        try (Arena arena = Arena.ofShared()) {
            int first = 0;
            for (int m = 0; m < outputs.size(); m++) {
                HostTensor weights = CaseData.hostWeights(arena, seed(m), dtype, shape(m), scale());
                float[] biases = biases(m);
                for (int row = 0; row < rows; row++) {
                    for (int o = 0; o < outputs.get(m); o++) {
                        float sum = bias ? biases[o] : 0;
                        for (int k = 0; k < inputs; k++) {
                            float weight = precision.round(weights.get((long) o * inputs + k));
                            sum += x[row * inputs + k] * weight;
                        }
                        result[row * width() + first + o] += sum;
                    }
                }
                first += outputs.get(m);
            }
        }
        return result;
    }
}
