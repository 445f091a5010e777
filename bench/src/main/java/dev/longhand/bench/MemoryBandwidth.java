package dev.longhand.bench;

import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * How fast the host reads memory: all threads sum arrays of their own, together far larger than
 * caches, as a decode step reads weights. The best of some passes counts, as it does for STREAM.
 */
final class MemoryBandwidth implements AutoCloseable {
    /** All arrays together; the largest caches of a socket have about 400 MB. */
    static final long BYTES = 1L << 30;

    private static final int PASSES = 6;

    private final List<long[]> arrays = new ArrayList<>();
    private final ExecutorService threads;

    /**
     * Allocates and touches the arrays, each by the thread that will read it.
     *
     * @param threads 0 is one per processor
     * @param bytes of all arrays together
     */
    MemoryBandwidth(int threads, long bytes) {
        int count = threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
        int length = (int) Math.min(bytes / count / Long.BYTES, Integer.MAX_VALUE - 8);
        for (int i = 0; i < count; i++) {
            arrays.add(new long[length]);
        }
        this.threads = Executors.newFixedThreadPool(count);
        pass(); // zero pages of the system are all the same page until then
    }

    /**
     * Measures where that says something about a device.
     *
     * @return bytes per second; empty if the device has a memory of its own
     */
    static OptionalDouble measure(Device device, int threads) {
        if (!inHostMemory(device, threads)) {
            return OptionalDouble.empty();
        }
        try (MemoryBandwidth memory = new MemoryBandwidth(threads, BYTES)) {
            return OptionalDouble.of(memory.bytesPerSecond());
        }
    }

    /** Whether a device computes in the memory that this measures. */
    static boolean inHostMemory(Device device, int threads) {
        return switch (device) {
            case CPU, REFERENCE -> true;
            case CUDA, PTX -> false;
            case AUTO -> {
                try (ComputeBackend backend = BackendChoice.open(device, threads).backend()) {
                    yield backend.memoryAvailableBytes().isEmpty();
                }
            }
        };
    }

    /** Reads everything several times. */
    double bytesPerSecond() {
        double bytes = (double) arrays.size() * arrays.getFirst().length * Long.BYTES;
        double best = 0;
        for (int i = 0; i < PASSES; i++) {
            long start = System.nanoTime();
            pass();
            best = Math.max(best, bytes * 1e9 / (System.nanoTime() - start));
        }
        return best;
    }

    private void pass() {
        List<Future<Long>> sums = new ArrayList<>();
        for (long[] array : arrays) {
            sums.add(threads.submit(() -> sum(array)));
        }
        try {
            for (int i = 0; i < sums.size(); i++) {
                arrays.get(i)[0] = sums.get(i).get() & 1; // written, so that no sum is left out
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Four sums, so that loads do not wait for additions. */
    private static long sum(long[] array) {
        long a = 0;
        long b = 0;
        long c = 0;
        long d = 0;
        for (int i = 0; i + 3 < array.length; i += 4) {
            a += array[i];
            b += array[i + 1];
            c += array[i + 2];
            d += array[i + 3];
        }
        return a + b + c + d;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
