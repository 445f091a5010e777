package dev.longhand.kernels.matmul;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Tensor;

import java.util.List;

/**
 * Linear layers that read the same input, prepared for one backend; their outputs are concatenated,
 * as q, k, v or gate, up. For each row r and output o:
 *
 * <pre>out[r, o] = sum_k x[r, k] * W[o, k] + bias[o]  (+ out[r, o] when accumulating)</pre>
 *
 * x [rows, inputs] and out [rows, outputs] are F32. Accumulation is at least F32, in an order that
 * depends only on k, so that a row's result has the same bits in any batch. An adapter of a row
 * changes W to W + scale B A.
 */
public abstract class Linear {
    private final List<LinearMatrix> matrices;
    private final int inputs;
    private final int outputs;

    protected Linear(List<LinearMatrix> matrices) {
        this.matrices = List.copyOf(matrices);
        inputs = matrices.getFirst().inputs();
        outputs = matrices.stream().mapToInt(LinearMatrix::outputs).sum();
        if (matrices.stream().anyMatch(matrix -> matrix.inputs() != inputs)) {
            throw new IllegalArgumentException("the matrices of a group must read the same input");
        }
    }

    /** The weights, in output order. */
    public List<LinearMatrix> matrices() {
        return matrices;
    }

    /** Input features. */
    public int inputs() {
        return inputs;
    }

    /** Output features of all matrices together. */
    public int outputs() {
        return outputs;
    }

    /**
     * Checks replacement weights.
     *
     * @throws IllegalArgumentException if a shape or dtype differs
     */
    public void checkReload(List<HostTensor> weights) {
        for (int i = 0; i < matrices.size(); i++) {
            Tensor now = matrices.get(i).weights();
            HostTensor next = weights.get(i);
            if (next.dtype() != now.dtype() || !next.shape().equals(now.shape())) {
                throw new IllegalArgumentException(
                        "%s %s cannot replace %s %s"
                                .formatted(next.dtype(), next.shape(), now.dtype(), now.shape()));
            }
        }
    }

    /**
     * Checks the arguments of one application.
     *
     * @throws IllegalArgumentException if a shape or dtype does not fit
     */
    public void check(Tensor x, Tensor out, int rows) {
        if (x.dtype() != DType.F32
                || out.dtype() != DType.F32
                || x.shape().width() != inputs
                || out.shape().width() != outputs
                || x.shape().rows() < rows
                || out.shape().rows() < rows) {
            throw new IllegalArgumentException(
                    "linear %d -> %d over %d rows: x %s, out %s"
                            .formatted(inputs, outputs, rows, x.shape(), out.shape()));
        }
    }
}
