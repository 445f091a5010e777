package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaDriverException;

import java.lang.foreign.MemorySegment;

/**
 * Device memory of one backend: allocations that live until it closes, and transfers through one
 * pinned buffer, which are done when they return.
 */
final class DeviceMemory {
    private static final long STAGING_BYTES = 16L << 20;

    private final CudaDriver driver;
    private final long stream;
    private final MemorySegment staging;

    DeviceMemory(CudaDriver driver, long stream) {
        this.driver = driver;
        this.stream = stream;
        staging = driver.allocatePinned(STAGING_BYTES);
    }

    long allocate(long bytes) {
        return driver.allocate(bytes);
    }

    long allocateZeros(long bytes) {
        long address = driver.allocate(bytes);
        driver.fill(address, (byte) 0, bytes, stream);
        return address;
    }

    /** A copy of host memory; its address. */
    long place(MemorySegment from) {
        long address = allocate(from.byteSize());
        upload(address, from);
        return address;
    }

    /**
     * Runs what gives memory back. Where the device is lost there is none left, and whoever uses it
     * was told so when it was lost.
     */
    static void release(Runnable frees) {
        try {
            frees.run();
        } catch (CudaDriverException e) {
            if (e.kind() != CudaDriverException.Kind.DEVICE_LOST) {
                throw e;
            }
        }
    }

    /** Copies host memory, which may be a mapped file, to the device. */
    void upload(long to, MemorySegment from) {
        for (long done = 0; done < from.byteSize(); done += STAGING_BYTES) {
            long bytes = Math.min(STAGING_BYTES, from.byteSize() - done);
            MemorySegment buffer = staging.asSlice(0, bytes);
            buffer.copyFrom(from.asSlice(done, bytes));
            send(to + done, buffer);
        }
    }

    /** Copies rows that {@code writer} makes. */
    void upload(long to, long rows, long rowBytes, CudaMatrix.RowWriter writer) {
        long rowsAtATime = Math.max(1, STAGING_BYTES / rowBytes);
        for (long first = 0; first < rows; first += rowsAtATime) {
            long count = Math.min(rowsAtATime, rows - first);
            MemorySegment buffer = staging.asSlice(0, count * rowBytes);
            for (long i = 0; i < count; i++) {
                writer.write(first + i, buffer.asSlice(i * rowBytes, rowBytes));
            }
            send(to + first * rowBytes, buffer);
        }
    }

    /** Copies device memory to the host. */
    void download(MemorySegment to, long from) {
        for (long done = 0; done < to.byteSize(); done += STAGING_BYTES) {
            long bytes = Math.min(STAGING_BYTES, to.byteSize() - done);
            MemorySegment buffer = staging.asSlice(0, bytes);
            driver.copyToHost(buffer, from + done, stream);
            driver.synchronize(stream);
            to.asSlice(done, bytes).copyFrom(buffer);
        }
    }

    private void send(long to, MemorySegment buffer) {
        driver.copyToDevice(to, buffer, stream);
        driver.synchronize(stream);
    }
}
