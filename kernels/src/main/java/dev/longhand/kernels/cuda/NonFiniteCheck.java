package dev.longhand.kernels.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/** The launches of {@code find_nonfinite.cu}, which finds NaN and infinity in device memory. */
final class NonFiniteCheck {
    private static final int THREADS = 256;
    private static final int BLOCKS = 64;

    private final CudaQueue queue;
    private final DeviceMemory memory;
    private final Map<DType, KernelCall> calls;
    private final long found;

    /**
     * Creates the check.
     *
     * @param calls the kernels for F32 and BF16
     */
    NonFiniteCheck(CudaQueue queue, DeviceMemory memory, Map<DType, KernelCall> calls) {
        this.queue = queue;
        this.memory = memory;
        this.calls = Map.copyOf(calls);
        found = memory.allocate(Long.BYTES);
    }

    /**
     * The row-major index of the first NaN or infinity, or -1. For quantised weights it checks the
     * scales and returns 0 if any is NaN or infinite.
     */
    long find(CudaTensor tensor) {
        return switch (tensor) {
            case DeviceTensor own -> find(own.dtype(), own.address(), own.shape().elements());
            case WeightTensor weights -> find(weights);
        };
    }

    private long find(WeightTensor weights) {
        CudaMatrix matrix = weights.uploaded();
        if (weights.dtype().quantized()) {
            return matrix == null || !anyIn(matrix) ? -1 : 0; // codes are finite, so a scale is not
        }
        if (matrix != null && !anyIn(matrix)) {
            return -1;
        }
        return weights.source().findNonFinite(); // the matrix may have other weights' rows too
    }

    private boolean anyIn(CudaMatrix matrix) {
        if (!matrix.dtype().quantized()) {
            long elements = (long) matrix.rows() * matrix.chunks() * CudaMatrix.CHUNK;
            return find(DType.BF16, matrix.address(), elements) >= 0;
        }
        return find(DType.BF16, matrix.scales(), matrix.scaleBytes() / Short.BYTES) >= 0;
    }

    private long find(DType dtype, long address, long elements) {
        @Nullable KernelCall call = calls.get(dtype);
        if (call == null) {
            throw new IllegalArgumentException(
                    "the device does not check %s for NaN and infinity".formatted(dtype));
        }
        queue.fill(found, (byte) -1, Long.BYTES);
        call.begin().parameter(address).parameter(elements).parameter(found);
        call.launch(BLOCKS, 1, 1, THREADS);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment first = local.allocate(JAVA_LONG);
            memory.download(first, found);
            return first.get(JAVA_LONG, 0);
        }
    }
}
