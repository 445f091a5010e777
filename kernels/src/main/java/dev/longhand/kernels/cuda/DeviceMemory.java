package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriverException;
import dev.longhand.bindings.cuda.CudaQueue;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Device memory of one backend. Transfers alternate between two pinned buffers, so that one is
 * filled from a file while the other is copied to the device. When an upload returns it is queued,
 * and its source may be changed or freed; when a download returns it is complete. Memory that is
 * never freed lives until the driver closes.
 */
final class DeviceMemory {
    private static final long STAGING_BYTES = 16L << 20;

    private final CudaQueue queue;
    private final List<Staging> stagings;
    private int next;

    /** A pinned buffer, and the event after the last copy out of it. */
    private record Staging(MemorySegment buffer, long copied) {}

    DeviceMemory(CudaQueue queue) {
        this.queue = queue;
        stagings = List.of(staging(), staging());
    }

    private Staging staging() {
        return new Staging(
                queue.driver().allocatePinned(STAGING_BYTES), queue.driver().createEvent());
    }

    /** Returns the next buffer after waiting for the last copy out of it. */
    private MemorySegment buffer(long bytes) {
        Staging staging = stagings.get(next);
        queue.driver().synchronizeEvent(staging.copied);
        return staging.buffer.asSlice(0, bytes);
    }

    long allocate(long bytes) {
        return queue.driver().allocate(bytes);
    }

    long allocateZeros(long bytes) {
        long address = allocate(bytes);
        queue.fill(address, (byte) 0, bytes);
        return address;
    }

    void free(long address) {
        queue.driver().free(address);
    }

    /** Uploads host memory to new device memory; returns its address. */
    long place(MemorySegment from) {
        long address = allocate(from.byteSize());
        upload(address, from);
        return address;
    }

    /**
     * Runs code that frees memory and ignores a lost device: nothing is left to free, and the users
     * of the device have already seen the exception.
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

    /** Uploads host memory, which may be a mapped file. */
    void upload(long to, MemorySegment from) {
        for (long done = 0; done < from.byteSize(); done += STAGING_BYTES) {
            long bytes = Math.min(STAGING_BYTES, from.byteSize() - done);
            MemorySegment buffer = buffer(bytes);
            buffer.copyFrom(from.asSlice(done, bytes));
            send(to + done, buffer);
        }
    }

    /** Uploads rows that {@code writer} writes. */
    void upload(long to, long rows, long rowBytes, CudaMatrix.RowWriter writer) {
        upload(to, rows, rowBytes, writer, false);
    }

    /** Uploads rows that {@code writer} writes from several threads. */
    void uploadParallel(long to, long rows, long rowBytes, CudaMatrix.RowWriter writer) {
        upload(to, rows, rowBytes, writer, true);
    }

    private void upload(
            long to, long rows, long rowBytes, CudaMatrix.RowWriter writer, boolean parallel) {
        long rowsAtATime = Math.max(1, STAGING_BYTES / rowBytes);
        for (long first = 0; first < rows; first += rowsAtATime) {
            long count = Math.min(rowsAtATime, rows - first);
            MemorySegment buffer = buffer(count * rowBytes);
            long start = first;
            LongStream all = LongStream.range(0, count);
            (parallel ? all.parallel() : all)
                    .forEach(i -> writer.write(start + i, buffer.asSlice(i * rowBytes, rowBytes)));
            send(to + first * rowBytes, buffer);
        }
    }

    /** Downloads device memory. */
    void download(MemorySegment to, long from) {
        for (long done = 0; done < to.byteSize(); done += STAGING_BYTES) {
            long bytes = Math.min(STAGING_BYTES, to.byteSize() - done);
            MemorySegment buffer = buffer(bytes);
            queue.copyToHost(buffer, from + done);
            queue.synchronize();
            to.asSlice(done, bytes).copyFrom(buffer);
        }
    }

    private void send(long to, MemorySegment buffer) {
        queue.copyToDevice(to, buffer);
        queue.record(stagings.get(next).copied);
        next = (next + 1) % stagings.size();
    }
}
