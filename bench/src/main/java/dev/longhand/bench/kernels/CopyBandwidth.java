package dev.longhand.bench.kernels;

import dev.longhand.bench.report.Median;
import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cuda.CudaBackend;

import java.util.List;
import java.util.OptionalDouble;

/** The bandwidth of a device's memory, as a copy on the device reaches it. */
public final class CopyBandwidth {
    /** The size of the copy, larger than any L2 cache. */
    static final long BYTES = 1L << 30;

    /** A smaller copy, which tells whether the device is fast enough for the larger one. */
    private static final long FIRST_BYTES = 1L << 22;

    private static final double FAST_BYTES_PER_SECOND = 20e9;
    private static final long FREE_MIN = 4 * BYTES;
    private static final int WARM_UPS = 3;
    private static final int SAMPLES = 15;

    private CopyBandwidth() {}

    /**
     * Measures the bandwidth of a CUDA device, on the PTX device by a copy of 4 MiB.
     *
     * @return bytes read and written per second; empty on other devices
     */
    public static OptionalDouble measure(ComputeBackend backend) {
        if (!(backend instanceof CudaBackend cuda)) {
            return OptionalDouble.empty();
        }
        double first = bytesPerSecond(cuda, FIRST_BYTES, WARM_UPS, SAMPLES);
        boolean fits = backend.freeBytes().orElse(0) >= FREE_MIN;
        return OptionalDouble.of(
                fits && first >= FAST_BYTES_PER_SECOND
                        ? bytesPerSecond(cuda, BYTES, WARM_UPS, SAMPLES)
                        : first);
    }

    /**
     * Returns the bytes that copies read and write per second: the median of {@code samples} after
     * {@code warmUps}.
     *
     * @param bytes the size of each copy
     */
    static double bytesPerSecond(CudaBackend backend, long bytes, int warmUps, int samples) {
        CudaQueue queue = backend.queue();
        CudaDriver driver = queue.driver();
        long from = driver.allocate(bytes);
        long to = driver.allocate(bytes);
        try (EventTimer timer = new EventTimer(queue)) {
            queue.fill(from, (byte) 1, bytes);
            for (int i = 0; i < warmUps + samples; i++) {
                timer.mark();
                queue.copyOnDevice(to, from, bytes);
            }
            timer.mark();
            List<Double> all = timer.millis(1);
            double millis = Median.of(all.subList(warmUps, all.size()));
            return 2.0 * bytes / (millis / 1e3);
        } finally {
            driver.free(from);
            driver.free(to);
        }
    }
}
