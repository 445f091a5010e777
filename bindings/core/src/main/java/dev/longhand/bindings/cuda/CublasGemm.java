package dev.longhand.bindings.cuda;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.longhand.bindings.cuda.JCudaHandles.DeviceAddress;
import dev.longhand.bindings.cuda.JCudaHandles.HostMemory;

import jcuda.cudaDataType;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasComputeType;
import jcuda.jcublas.cublasGemmAlgo;
import jcuda.jcublas.cublasHandle;
import jcuda.jcublas.cublasOperation;
import jcuda.jcublas.cublasStatus;
import jcuda.runtime.cudaStream_t;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * NVIDIA's bf16 matrix product on a {@link CudaQueue}: for opt-in prefill by cuBLAS, and as the
 * yardstick for our own kernels. cuBLAS picks its kernel by the number of rows, so a row's bits
 * depend on the rows beside it: it is not batch invariant.
 *
 * <p>JCublas is not loaded before {@link #open}. Used by the driver's thread, and closed before the
 * driver. A status other than success becomes a {@link CublasException}; a product that fails while
 * it runs is reported by a later call that waits for the queue.
 */
public final class CublasGemm implements AutoCloseable {
    /**
     * The system property with the path of a library to use instead of NVIDIA's cuBLAS, with any
     * driver. Tests use it to multiply on the PTX device.
     */
    public static final String LIBRARY_PROPERTY = "longhand.cublas.library";

    /** Workspace of cuBLAS on Hopper and later, in bytes; 4 MiB on older GPUs. */
    public static final long WORKSPACE_BYTES_MAX = 32L << 20;

    private static final int COMPUTE = cublasComputeType.CUBLAS_COMPUTE_32F;

    private final LoadedCudaDriver driver;
    private final cublasHandle handle = new cublasHandle();
    private final HostMemory one;
    private final HostMemory zero;
    private final MemorySegment scalars;
    private boolean closed;

    /**
     * A row-major matrix of device memory.
     *
     * @param address of its first element
     * @param stride elements from one row to the next
     */
    public record Operand(long address, int stride) {}

    private CublasGemm(CudaQueue queue) {
        driver = (LoadedCudaDriver) queue.driver();
        scalars = Arena.ofAuto().allocateFrom(JAVA_FLOAT, 1, 0);
        one = new HostMemory(scalars);
        zero = new HostMemory(scalars.asSlice(Float.BYTES));
        driver.enter();
        CublasException.check(JCublas2.cublasCreate(handle), "cublasCreate");
        int status =
                JCublas2.cublasSetStream(handle, new cudaStream_t(driver.stream(queue.stream())));
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            close();
        }
        CublasException.check(status, "cublasSetStream");
    }

    /**
     * Opens cuBLAS on a queue.
     *
     * @throws CudaUnavailableException if JCublas or libcublas is missing, or this process uses
     *     another driver than NVIDIA's
     * @throws CublasException if a call to cuBLAS fails
     */
    public static CublasGemm open(CudaQueue queue) {
        String library = System.getProperty(LIBRARY_PROPERTY);
        if (library != null) {
            return open(queue, List.of(library));
        }
        CudaLibrary used = CudaProcess.used();
        if (used == null || !used.isSystem()) {
            throw new CudaUnavailableException(
                    "cuBLAS needs NVIDIA's driver, and this process uses "
                            + (used == null ? "none" : used.name()),
                    "run it on a GPU");
        }
        return open(queue, CublasLibrary.NAMES);
    }

    /** Opens the first libcublas found by one of these names, with any driver. */
    static CublasGemm open(CudaQueue queue, List<String> names) {
        CublasLibrary.load(names);
        return new CublasGemm(queue);
    }

    /** The version of the library, such as 120600. */
    public int version() {
        enter();
        int[] version = new int[1];
        CublasException.check(JCublas2.cublasGetVersion(handle, version), "cublasGetVersion");
        return version[0];
    }

    /**
     * Queues {@code out[r, o] = sum_k x[r, k] * weights[o, k]}, summed in F32.
     *
     * @param weights [outputs, inputs] bf16
     * @param x [rows, inputs] bf16
     * @param out [rows, outputs] F32
     * @param accumulate adds to the values in {@code out} instead of replacing them
     */
    public void multiply(
            Operand weights,
            Operand x,
            Operand out,
            int rows,
            int outputs,
            int inputs,
            boolean accumulate) {
        enter();
        // cuBLAS is column-major: it computes C^T [outputs, rows] = W x^T. JCublas 12.6.0 links
        // only the "_new" form: the native name of the other is mangled as C++.
        int status =
                JCublas2.cublasGemmEx_new(
                        handle,
                        cublasOperation.CUBLAS_OP_T,
                        cublasOperation.CUBLAS_OP_N,
                        outputs,
                        rows,
                        inputs,
                        one,
                        new DeviceAddress(weights.address()),
                        cudaDataType.CUDA_R_16BF,
                        weights.stride(),
                        new DeviceAddress(x.address()),
                        cudaDataType.CUDA_R_16BF,
                        x.stride(),
                        accumulate ? one : zero,
                        new DeviceAddress(out.address()),
                        cudaDataType.CUDA_R_32F,
                        out.stride(),
                        COMPUTE,
                        cublasGemmAlgo.CUBLAS_GEMM_DEFAULT);
        if (status != cublasStatus.CUBLAS_STATUS_SUCCESS) {
            throw new CublasException(
                    status, "cublasGemmEx", "%d rows, %d -> %d".formatted(rows, inputs, outputs));
        }
    }

    private void enter() {
        if (closed) {
            throw new IllegalStateException("cuBLAS is closed");
        }
        driver.enter();
    }

    /** Destroys the handle and its workspace; idempotent. */
    @Override
    public void close() {
        if (!closed) {
            enter();
            closed = true;
            CublasException.check(JCublas2.cublasDestroy(handle), "cublasDestroy");
        }
    }
}
