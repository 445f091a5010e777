package dev.longhand.kernels.cuda;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

import java.util.List;

/**
 * Matrices [outputs, inputs] of one width as a single matrix: stacked one after another, or, for
 * gate and up, interleaved.
 *
 * @param matrices in host memory; all of one dtype if one of them is quantised
 * @param interleaved whether eight rows of the first alternate with eight of the second, the last
 *     ones padded, so that a tile of 16 rows holds both factors of eight outputs
 */
record StackedMatrices(List<HostTensor> matrices, boolean interleaved) {
    /** Consecutive rows of gate, followed by as many rows of up. */
    private static final int RUN = 8;

    /** The index of a row that pads a run. */
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

    /** The dtype on the device: their own if quantised, else BF16. */
    DType dtype() {
        DType dtype = matrices.getFirst().dtype();
        return dtype.quantized() ? dtype : DType.BF16;
    }

    /** Inputs of a row. */
    long width() {
        return matrices.getFirst().shape().width();
    }

    /** Rows of all matrices, padding included. */
    int count() {
        if (interleaved) {
            long outputs = matrices.getFirst().shape().extent(0);
            return Math.toIntExact(Math.ceilDiv(outputs, RUN) * 2 * RUN);
        }
        return Math.toIntExact(
                matrices.stream().mapToLong(matrix -> matrix.shape().extent(0)).sum());
    }

    /** The index of the matrix that a row belongs to. */
    int matrix(long row) {
        if (interleaved) {
            return (int) (row / RUN % 2);
        }
        int index = 0;
        for (long rest = row; rest >= extent(index); index++) {
            rest -= extent(index);
        }
        return index;
    }

    /** The index of a row in its own matrix, or {@link #PADDING}. */
    long row(long row) {
        if (interleaved) {
            long own = row / (2 * RUN) * RUN + row % RUN;
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
