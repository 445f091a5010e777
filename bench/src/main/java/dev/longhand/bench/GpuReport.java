package dev.longhand.bench;

import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.cuda.CudaBackend;
import dev.longhand.kernels.tensor.DType;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Prints what a decode step of one layer of Qwen2.5-32B takes on this machine's GPU beside the time
 * its bytes take at the bandwidth of the device, and our matrix products beside cuBLAS's. Takes
 * some 4 GB of the device:
 *
 * <pre>java -cp bench/target/benchmarks.jar dev.longhand.bench.GpuReport</pre>
 */
public final class GpuReport {
    /** What is measured, and how often. */
    record Plan(
            LayerShape shape,
            List<Integer> sequences,
            List<Integer> contexts,
            int prefillRows,
            int warmUps,
            int samples,
            long copyBytes) {
        /** A copy of 1 GiB is larger than any L2; a layer of 975 MB as well. */
        static final Plan FULL =
                new Plan(
                        LayerShape.QWEN2_5_32B,
                        List.of(1, 8),
                        List.of(1024, 16_384),
                        512,
                        5,
                        31,
                        1L << 30);

        Plan {
            sequences = List.copyOf(sequences);
            contexts = List.copyOf(contexts);
        }
    }

    private GpuReport() {}

    /** Runs the report. */
    public static void main(String[] arguments) {
        if (arguments.length > 0) {
            throw new IllegalArgumentException("no arguments, given " + List.of(arguments));
        }
        if (CudaProbe.probe() instanceof CudaAvailability.Absent(String cause, String remedy)) {
            System.out.printf("nothing measured: no GPU, %s; %s%n", cause, remedy);
            return;
        }
        try (CudaBackend backend = new CudaBackend(CudaLibrary.system(), 0)) {
            run(backend, Plan.FULL, System.out::println);
        }
    }

    /** Measures on an open device. */
    static void run(CudaBackend backend, Plan plan, Consumer<String> out) {
        double bandwidth = bandwidth(backend, plan);
        out.accept(
                String.format(
                        Locale.ROOT,
                        "%s: a copy on the device reads and writes %.1f GB/s; floors are at that",
                        backend.capabilities().description(),
                        bandwidth / 1e9));
        try (DecodeLayer layer = new DecodeLayer(backend, plan.shape(), DType.BF16)) {
            for (int sequences : plan.sequences()) {
                for (int context : plan.contexts()) {
                    out.accept("decode, batch %d, context %d".formatted(sequences, context));
                    try (StepTimer timer =
                            new StepTimer(backend.queue(), plan.warmUps(), plan.samples())) {
                        layer.decode(sequences, context, 0, timer);
                        timer.lines(bandwidth).forEach(out);
                    }
                }
            }
        }
        try (GemmComparison comparison = new GemmComparison(backend, plan)) {
            comparison.lines().forEach(out);
        }
    }

    /** Bytes read and written per second by the median of copies. */
    private static double bandwidth(CudaBackend backend, Plan plan) {
        CudaQueue queue = backend.queue();
        CudaDriver driver = queue.driver();
        long from = driver.allocate(plan.copyBytes());
        long to = driver.allocate(plan.copyBytes());
        try (EventTimer timer = new EventTimer(queue)) {
            queue.fill(from, (byte) 1, plan.copyBytes());
            for (int i = 0; i < plan.warmUps() + plan.samples(); i++) {
                timer.mark();
                queue.copyOnDevice(to, from, plan.copyBytes());
            }
            timer.mark();
            List<Double> all = timer.millis(1);
            double millis = EventTimer.median(all.subList(plan.warmUps(), all.size()));
            return 2.0 * plan.copyBytes() / (millis / 1e3);
        } finally {
            driver.free(from);
            driver.free(to);
        }
    }
}
