package dev.longhand.bench.kernels;

import dev.longhand.bench.report.Median;
import dev.longhand.bindings.cuda.CudaAvailability;
import dev.longhand.bindings.cuda.CudaDriver;
import dev.longhand.bindings.cuda.CudaLibrary;
import dev.longhand.bindings.cuda.CudaProbe;
import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.cuda.CudaBackend;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;

import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Prints the time of a decode step of one layer of Qwen2.5-32B on this machine's GPU, compared with
 * the time that its bytes take at the bandwidth of the device, and the times of our matrix products
 * compared with those of cuBLAS.
 */
@Command(
        name = "gpu",
        mixinStandardHelpOptions = true,
        description = {
            "Times a decode step of one layer of Qwen2.5-32B on the GPU, op by op, beside the",
            "bandwidth, and matrix products beside cuBLAS. Takes about 4 GB of the device."
        })
public final class GpuReport implements Runnable {
    @Override
    public void run() {
        if (CudaProbe.probe() instanceof CudaAvailability.Absent(String cause, String remedy)) {
            System.out.printf("nothing measured: no GPU, %s; %s%n", cause, remedy);
            return;
        }
        try (CudaBackend backend = new CudaBackend(CudaLibrary.system(), 0)) {
            run(backend, GpuPlan.FULL, System.out::println);
        }
    }

    /** Measures on an open device. */
    static void run(CudaBackend backend, GpuPlan plan, Consumer<String> out) {
        double bandwidth = bandwidth(backend, plan);
        out.accept(
                String.format(
                        Locale.ROOT,
                        "%s: a copy on the device reads and writes %.1f GB/s; floors are at that"
                                + " rate",
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

    /** Returns the bytes that a copy reads and writes per second: the median of the samples. */
    private static double bandwidth(CudaBackend backend, GpuPlan plan) {
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
            double millis = Median.of(all.subList(plan.warmUps(), all.size()));
            return 2.0 * plan.copyBytes() / (millis / 1e3);
        } finally {
            driver.free(from);
            driver.free(to);
        }
    }
}
