package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.MemorySegment;

/**
 * Pinned memory for the logits of a step, with its prefixes made in advance: a copy allocates
 * nothing.
 */
final class LogitsOnHost {
    private final HostTensor tensor;
    private final MemorySegment[] rows;

    LogitsOnHost(CudaDriver driver, Shape shape) {
        MemorySegment memory = driver.allocatePinned(shape.elements() * Float.BYTES);
        tensor = new HostTensor(DType.F32, shape, memory);
        rows = new MemorySegment[Math.toIntExact(shape.rows()) + 1];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = memory.asSlice(0, i * shape.width() * Float.BYTES);
        }
    }

    /** The first rows after a copy from the device, which is done when this returns. */
    HostTensor copy(CudaDriver driver, long from, int count, long stream) {
        driver.copyToHost(rows[count], from, stream);
        driver.synchronize(stream);
        return tensor;
    }

    boolean fits(Shape shape) {
        return tensor.shape().equals(shape);
    }
}
