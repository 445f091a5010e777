package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CublasException;
import dev.longhand.bindings.cuda.CublasGemm;
import dev.longhand.bindings.cuda.CublasGemm.Operand;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.batch.Rows;
import dev.longhand.kernels.norm.Norm;
import dev.longhand.kernels.tensor.Tensor;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;

/**
 * Products of many rows by cuBLAS, over the same weights as our kernels. x is rounded to bf16
 * first, normed or not; a bias is laid out before it is added to; gate and up come out packed and
 * are multiplied by {@code swiglu_packed}. Two launches more for each product than our kernels
 * need, and memory that those do without.
 */
final class CublasPrefill {
    /**
     * Fewer rows are for our kernels. A row of bf16 weights is 1 flop for a byte and row of x, so
     * up to 150 rows on an A100 (312 TFLOP/s over 2 TB/s), and 290 on an H100, a product is bound
     * by reading the weights, which our kernels do as well and without the launches beside it.
     */
    static final int ROWS_MIN = 128;

    private static final int THREADS = 256;

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final CublasGemm gemm;
    private final KernelCall normed;
    private final KernelCall rounded;
    private final KernelCall swiGlu;
    private final KernelCall gatherRows;
    private final Scratch x = new Scratch(); // bf16
    private final Scratch both = new Scratch(); // gate and up, packed
    private final Scratch firsts = new Scratch(); // zeros: the one row of a bias, for every row

    /** Memory that grows. */
    private final class Scratch {
        private long address;
        private long bytes;

        long of(long wanted) {
            if (wanted > bytes) {
                queue.synchronize();
                long before = address;
                address = 0;
                bytes = 0;
                if (before != 0) {
                    memory.free(before);
                }
                address = memory.allocateZeros(wanted);
                bytes = wanted;
            }
            return address;
        }
    }

    /**
     * Opens cuBLAS.
     *
     * @param gatherRows the kernel of that name
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if it is not there
     */
    CublasPrefill(
            CudaQueue queue,
            DeviceMemory memory,
            CudaKernels kernels,
            KernelCall gatherRows,
            Arena arena) {
        this.queue = queue;
        this.memory = memory;
        this.gatherRows = gatherRows;
        normed = kernels.call(arena, "rms_norm", "rms_norm_bf16");
        rounded = kernels.call(arena, "rms_norm", "round_bf16");
        swiGlu = kernels.call(arena, "swiglu", "swiglu_packed");
        gemm = CublasGemm.open(queue);
    }

    /** For the user. */
    String description() {
        return "prefill by cuBLAS " + gemm.version();
    }

    /**
     * Device memory that it takes for steps of so many rows.
     *
     * @param inputsMax of any product
     * @param packedMax gate and up together
     */
    static long bytes(int rows, int inputsMax, int packedMax) {
        long row = (long) inputsMax * Short.BYTES + (long) packedMax * Float.BYTES + Integer.BYTES;
        return rows * row + CublasGemm.WORKSPACE_BYTES_MAX;
    }

    /**
     * Whether it multiplies products of these rows, if no adapter changes them: of a step that
     * prefills, but not its logits. Steps that only decode are ours, as they may be under
     * recording.
     */
    boolean takes(Rows rows) {
        return rows instanceof CudaStepBatch batch
                && !batch.plan().decoding()
                && batch.rows() >= ROWS_MIN;
    }

    /** Queues one product; as {@link CudaLinearKernels#run}. */
    void run(
            CudaLinear linear,
            Tensor in,
            @Nullable Norm norm,
            Tensor out,
            int rows,
            boolean accumulate) {
        int inputs = linear.inputs();
        int width = (int) out.shape().width();
        long from = CudaTensor.address(in);
        long to = CudaTensor.address(out);
        long operand = x.of((long) rows * inputs * Short.BYTES);
        if (norm != null) {
            normed.begin().parameter(from).parameter(CudaTensor.address(norm.weight()));
            normed.parameter(norm.eps()).parameter(operand).parameter(inputs);
            normed.launch(rows, 1, 1, THREADS);
        } else {
            rounded.begin().parameter(from).parameter(operand).parameter(inputs);
            rounded.launch(rows, 1, 1, THREADS);
        }
        if (linear.gated()) {
            int packed = linear.matrix().rows();
            long product = both.of((long) rows * packed * Float.BYTES);
            multiply(linear, operand, product, packed, rows, false);
            swiGlu.begin().parameter(product).parameter(packed).parameter(to).parameter(width);
            swiGlu.launch(Math.ceilDiv(width, THREADS), rows, 1, THREADS);
            return;
        }
        boolean adds = accumulate;
        if (linear.bias() != 0) {
            if (accumulate) {
                throw new IllegalArgumentException("a bias is not added to what is there");
            }
            gatherRows.begin().parameter(linear.bias()).parameter(width);
            gatherRows.parameter(firsts.of((long) rows * Integer.BYTES)).parameter(to);
            gatherRows.launch(rows, 1, 1, THREADS);
            adds = true;
        }
        multiply(linear, operand, to, width, rows, adds);
    }

    private void multiply(
            CudaLinear linear, long from, long to, int stride, int rows, boolean accumulate) {
        int inputs = linear.inputs();
        CudaMatrix matrix = linear.matrix();
        gemm.multiply(
                new Operand(matrix.address(), matrix.chunks() * CudaMatrix.CHUNK),
                new Operand(from, inputs),
                new Operand(to, stride),
                rows,
                matrix.rows(),
                inputs,
                accumulate);
    }

    /** Gives cuBLAS back; before the driver closes. */
    void close() {
        try {
            DeviceMemory.release(gemm::close);
        } catch (CublasException e) {
            // The context, which closes next, takes along whatever cuBLAS still holds in it.
            return;
        }
    }
}
