package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import java.util.List;

/**
 * The rows of matrices [outputs, inputs] of one width as the rows of one: on top of each other, or,
 * of gate and up, by turns.
 *
 * @param matrices as the host has them; if one is quantised, all are and alike
 * @param byTurns eight rows of the first, eight of the second, the last ones padded: a tile of 16
 *     rows holds both factors of eight outputs
 */
record StackedMatrices(List<HostTensor> matrices, boolean byTurns) {
    /** Rows of gate before as many of up. */
    private static final int TURN = 8;

    /** The row of no matrix. */
    static final long PADDING = -1;

    StackedMatrices {
        matrices = List.copyOf(matrices);
        DType dtype = matrices.getFirst().dtype();
        for (HostTensor matrix : matrices) {
            boolean quantized = dtype.quantized() || matrix.dtype().quantized();
            if (quantized && matrix.dtype() != dtype) {
                throw new IllegalArgumentException(
                        "matrices that read the same input are of one quantised dtype, not %s and %s"
                                .formatted(dtype, matrix.dtype()));
            }
        }
    }

    /** What the device keeps them in: their own dtype if quantised, else BF16. */
    DType dtype() {
        DType dtype = matrices.getFirst().dtype();
        return dtype.quantized() ? dtype : DType.BF16;
    }

    /** Inputs. */
    long width() {
        return matrices.getFirst().shape().width();
    }

    /** Rows of all, padding included. */
    int count() {
        if (byTurns) {
            long outputs = matrices.getFirst().shape().extent(0);
            return Math.toIntExact(Math.ceilDiv(outputs, TURN) * 2 * TURN);
        }
        return Math.toIntExact(
                matrices.stream().mapToLong(matrix -> matrix.shape().extent(0)).sum());
    }

    /** Which matrix a row is of. */
    int matrix(long row) {
        if (byTurns) {
            return (int) (row / TURN % 2);
        }
        int index = 0;
        for (long rest = row; rest >= extent(index); index++) {
            rest -= extent(index);
        }
        return index;
    }

    /** Which row of its matrix a row is, or {@link #PADDING}. */
    long row(long row) {
        if (byTurns) {
            long own = row / (2 * TURN) * TURN + row % TURN;
            return own < extent(0) ? own : PADDING;
        }
        long rest = row;
        for (int index = 0; rest >= extent(index); index++) {
            rest -= extent(index);
        }
        return rest;
    }

    private long extent(int index) {
        return matrices.get(index).shape().extent(0);
    }
}
