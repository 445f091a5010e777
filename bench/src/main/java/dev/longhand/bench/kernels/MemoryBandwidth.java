package dev.longhand.bench.kernels;

import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.BackendUnavailableException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.Shape;
import dev.longhand.kernels.tensor.Tensor;

import java.util.OptionalDouble;

/**
 * Measures the host's memory bandwidth: the decode threads scan a block of weights for NaNs. The
 * block is far larger than the caches, and lies on huge pages where weights do. (A sum over Java
 * arrays on small pages read 10 to 20 % less, so that decoding seemed to exceed the limit.) The
 * best pass counts, as in STREAM. Without C kernels the scan runs in Java and may be slower than
 * the memory.
 */
public final class MemoryBandwidth implements AutoCloseable {
    /** The size of the scanned block, well above the largest caches of a socket (about 400 MB). */
    static final long BYTES = 1L << 30;

    private static final int PASSES = 6;
    private static final int WIDTH = 1024;

    private final ComputeBackend backend;
    private final Tensor memory;

    /**
     * Allocates and writes the memory.
     *
     * @param threads the number of threads; 0 is one per processor
     * @param bytes the size of the memory, a multiple of 4096
     */
    public MemoryBandwidth(int threads, long bytes) {
        backend = scanner(threads);
        Shape shape = Shape.of(bytes / Float.BYTES / WIDTH, WIDTH);
        memory = // written, since unwritten pages may share one physical page
                backend.fillWeights(DType.F32, shape, weights -> weights.data().fill((byte) 1));
    }

    private static ComputeBackend scanner(int threads) {
        try {
            return BackendChoice.open(Device.CPU, threads).backend();
        } catch (BackendUnavailableException e) {
            return BackendChoice.open(Device.REFERENCE, threads).backend();
        }
    }

    /**
     * Measures the bandwidth if the device computes in host memory.
     *
     * @return bytes per second; empty if the device has a memory of its own
     */
    public static OptionalDouble measure(Device device, int threads) {
        if (!inHostMemory(device, threads)) {
            return OptionalDouble.empty();
        }
        try (MemoryBandwidth memory = new MemoryBandwidth(threads, BYTES)) {
            return OptionalDouble.of(memory.bytesPerSecond());
        }
    }

    /** Whether a device computes in host memory. */
    public static boolean inHostMemory(Device device, int threads) {
        if (!device.equals(Device.AUTO)) {
            return device.equals(Device.CPU) || device.equals(Device.REFERENCE);
        }
        try (ComputeBackend backend = BackendChoice.open(device, threads).backend()) {
            return backend.freeBytes().isEmpty();
        }
    }

    /** Reads the memory several times and returns the best rate. */
    public double bytesPerSecond() {
        long bytes = memory.dtype().bytes(memory.shape());
        double best = 0;
        for (int i = 0; i < PASSES; i++) {
            long start = System.nanoTime();
            if (backend.findNonFinite(memory) >= 0) {
                throw new IllegalStateException("a NaN where none was written");
            }
            best = Math.max(best, bytes * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }

    @Override
    public void close() {
        backend.close();
    }
}
