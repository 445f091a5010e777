package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CublasException;
import dev.longhand.bindings.cuda.CublasGemm;
import dev.longhand.bindings.cuda.CublasGemm.Operand;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.activation.Activation;
import dev.longhand.kernels.batch.Rows;

import org.jspecify.annotations.Nullable;

/**
 * Matrix products over many rows by cuBLAS, with the same weights as our kernels. x, normed or not,
 * is first rounded to bf16. A bias is copied to every row of the output and the product added to
 * it. Gate and up are computed together and multiplied by {@code swiglu_packed}. Each product takes
 * two more launches than with our kernels, and scratch memory that they do not need.
 */
final class CublasPrefill {
    /**
     * Fewest rows for cuBLAS; our kernels multiply fewer. Each byte of bf16 weights takes 1 flop
     * per row of x, so a product is bound by reading the weights up to 150 rows on an A100 (312
     * TFLOP/s over 2 TB/s) and 290 on an H100. Our kernels read weights as fast and need no extra
     * launches.
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
    private final Scratch both = new Scratch(); // gate and up as one product
    private final Scratch firsts = new Scratch(); // zeros: every row gathers row 0, the bias

    /** Device memory that grows on demand. */
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
     * @throws dev.longhand.bindings.cuda.CudaUnavailableException if cuBLAS is not available
     */
    CublasPrefill(
            CudaQueue queue, DeviceMemory memory, CudaKernels kernels, KernelCall gatherRows) {
        this.queue = queue;
        this.memory = memory;
        this.gatherRows = gatherRows;
        normed = kernels.call("rms_norm", "rms_norm_bf16");
        rounded = kernels.call("rms_norm", "round_bf16");
        swiGlu = kernels.call("swiglu", "swiglu_packed");
        gemm = CublasGemm.open(queue);
    }

    /** The library's name and version, for messages. */
    String description() {
        return "prefill by cuBLAS " + gemm.version();
    }

    /**
     * Scratch memory for steps of {@code rows} rows, in bytes.
     *
     * @param inputsMax the largest input width of any product
     * @param packedMax outputs of gate and up together
     */
    static long bytes(int rows, int inputsMax, int packedMax) {
        long row = (long) inputsMax * Short.BYTES + (long) packedMax * Float.BYTES + Integer.BYTES;
        return rows * row + CublasGemm.WORKSPACE_BYTES_MAX;
    }

    /**
     * Whether cuBLAS multiplies these rows, provided that no adapter changes them. True for a step
     * with prompts of at least {@link #ROWS_MIN} rows. False for the rows whose logits it computes,
     * and for decode-only steps, which are recorded and therefore run our kernels.
     */
    boolean takes(Rows rows) {
        return rows instanceof CudaStepBatch batch
                && !batch.plan().decoding()
                && batch.rows() >= ROWS_MIN;
    }

    /** Queues one product, with the arguments of {@link CudaLinearKernels#run}. */
    void run(
            CudaLinear linear,
            CudaTensor in,
            @Nullable CudaTensor normWeight,
            float eps,
            Activation activation,
            CudaTensor out,
            int rows,
            boolean accumulate) {
        int inputs = linear.inputs();
        int width = (int) out.shape().width();
        long from = in.address();
        long to = out.address();
        long operand = x.of((long) rows * inputs * Short.BYTES);
        if (normWeight != null) {
            normed.begin().parameter(from).parameter(normWeight.address());
            normed.parameter(eps).parameter(operand).parameter(inputs);
            normed.launch(rows, 1, 1, THREADS);
        } else {
            rounded.begin().parameter(from).parameter(operand).parameter(inputs);
            rounded.launch(rows, 1, 1, THREADS);
        }
        if (linear.gated()) {
            int packed = linear.matrix().rows();
            long product = both.of((long) rows * packed * Float.BYTES);
            multiply(linear, operand, product, packed, rows, false);
            swiGlu.begin().parameter(product).parameter(packed);
            swiGlu.parameter(CudaActivations.code(activation)).parameter(to).parameter(width);
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

    /** Closes cuBLAS, which must happen before the driver closes. */
    void close() {
        try {
            DeviceMemory.release(gemm::close);
        } catch (CublasException e) {
            // Destroying the context, which happens next, frees cuBLAS's remaining resources.
            return;
        }
    }
}
