package dev.longhand.engine.lora;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;
import dev.longhand.kernels.tensor.BFloat16;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Merges low-rank deltas into pristine weights: W + (scale B) A in F32, rounded once to the dtype
 * of W. The host's matmul kernels do the arithmetic: rows of B are the activations, A transposed is
 * the weight matrix, and W is the accumulator. A delta is never subtracted; to undo a merge, use
 * the pristine W.
 */
final class WeightMerger implements AutoCloseable {
    /**
     * Rows of W per block. For the widest matrix of the 32B model, 256 x 27648 F32 values take 28
     * MB.
     */
    private static final int ROWS = 256;

    private final ComputeBackend backend;

    WeightMerger(int threads) {
        backend = BackendChoice.host(threads);
    }

    /**
     * Merges one matrix.
     *
     * @param weights pristine, [outputs, inputs]
     * @param merged receives the result; same dtype and shape
     * @throws InputException if a merged weight is not finite in its dtype
     */
    void merge(String name, HostTensor weights, LoraMatrix change, HostTensor merged) {
        try (Arena arena = Arena.ofShared()) {
            Linear a = backend.linear(List.of(new LinearMatrix(transposed(arena, change), null)));
            HostTensor b = HostTensor.allocate(arena, DType.F32, Shape.of(ROWS, change.rank()));
            HostTensor sums =
                    HostTensor.allocate(arena, DType.F32, Shape.of(ROWS, change.inputs()));
            for (int first = 0; first < change.outputs(); first += ROWS) {
                int rows = Math.min(ROWS, change.outputs() - first);
                scale(change, first, rows, b);
                widen(weights, (long) first * change.inputs(), rows * change.inputs(), sums);
                backend.applyLinear(a, b, sums, Rows.of(rows), true);
                round(name, sums, (long) first * change.inputs(), rows * change.inputs(), merged);
            }
        }
    }

    /** Returns A transposed, [inputs, rank], in F32. */
    private static HostTensor transposed(Arena arena, LoraMatrix change) {
        int rank = change.rank();
        int inputs = change.inputs();
        HostTensor wide = HostTensor.allocate(arena, DType.F32, Shape.of(inputs, rank));
        for (int j = 0; j < rank; j++) {
            for (int k = 0; k < inputs; k++) {
                wide.set((long) k * rank + j, change.a().get((long) j * inputs + k));
            }
        }
        return wide;
    }

    private static void scale(LoraMatrix change, int first, int rows, HostTensor b) {
        long from = (long) first * change.rank();
        for (int i = 0; i < rows * change.rank(); i++) {
            b.set(i, change.scale() * change.b().get(from + i));
        }
    }

    private static void widen(HostTensor weights, long from, int count, HostTensor sums) {
        MemorySegment to = sums.data();
        for (int i = 0; i < count; i++) {
            to.setAtIndex(JAVA_FLOAT, i, weights.get(from + i));
        }
    }

    private static void round(String name, HostTensor sums, long to, int count, HostTensor merged) {
        MemorySegment from = sums.data();
        MemorySegment out = merged.data();
        boolean finite = true;
        for (int i = 0; i < count; i++) {
            float sum = from.getAtIndex(JAVA_FLOAT, i);
            switch (merged.dtype()) {
                case BF16 -> {
                    short bits = BFloat16.bits(sum);
                    finite &= (bits & 0x7f80) != 0x7f80;
                    out.setAtIndex(JAVA_SHORT, to + i, bits);
                }
                case F16 -> {
                    short bits = Float.floatToFloat16(sum);
                    finite &= (bits & 0x7c00) != 0x7c00;
                    out.setAtIndex(JAVA_SHORT, to + i, bits);
                }
                default -> {
                    finite &= Float.isFinite(sum);
                    out.setAtIndex(JAVA_FLOAT, to + i, sum);
                }
            }
        }
        if (!finite) {
            throw new InputException(
                    "%s: a merged weight is beyond what %s holds".formatted(name, merged.dtype()));
        }
    }

    @Override
    public void close() {
        backend.close();
    }
}
