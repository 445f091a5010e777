package dev.longhand.bench.kernels;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.bench.report.ResultOptions;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cuda.CudaBackend;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reports the time of a decode step of one layer of Qwen2.5-32B on a GPU, compared with the time
 * that its bytes take at the bandwidth of the device, and the times of our matrix products compared
 * with those of cuBLAS.
 */
@Command(
        name = "gpu",
        mixinStandardHelpOptions = true,
        description = {
            "Times a decode step of one layer of Qwen2.5-32B on a GPU, op by op, beside the",
            "bandwidth, and matrix products beside cuBLAS. Takes about 10 GB of the device."
        })
public final class GpuReport implements Runnable {
    private static final String LAYER = "Decode layer";

    @Option(
            names = "--device",
            defaultValue = "cuda",
            description = "cuda, cuda:N or ptx. Default: ${DEFAULT-VALUE}.")
    private Device device = Device.CUDA;

    @Option(
            names = "--plan",
            defaultValue = "full",
            description =
                    "full; profile, one step for a profiler; tiny, for the PTX device. Default:"
                            + " ${DEFAULT-VALUE}.")
    private GpuPlan.Name plan = GpuPlan.Name.FULL;

    @Mixin private ResultOptions output = new ResultOptions();

    @Override
    public void run() {
        try (ComputeBackend backend = BackendChoice.open(device, 0).backend()) {
            if (!(backend instanceof CudaBackend cuda)) {
                throw new InputException(device + " is no CUDA device; name cuda, cuda:N or ptx");
            }
            output.report(
                    "A layer on " + cuda.capabilities().description(), measure(cuda, plan.plan()));
        }
    }

    /** Measures on an open device. */
    static List<BenchResult> measure(CudaBackend backend, GpuPlan plan) {
        double bandwidth =
                CopyBandwidth.bytesPerSecond(
                        backend, plan.copyBytes(), plan.warmUps(), plan.samples());
        List<BenchResult> results = new ArrayList<>();
        results.add(
                new BenchResult(
                        "Copy on the device",
                        Map.of("bytes", Long.toString(plan.copyBytes())),
                        Map.of(new Metric("read and written", "GB/s"), bandwidth / 1e9),
                        Map.of()));
        for (DType weights : plan.weights()) {
            try (DecodeLayer layer = new DecodeLayer(backend, plan.shape(), weights)) {
                for (Cell cell : cells(plan, weights)) {
                    results.addAll(step(backend, plan, layer, cell, bandwidth));
                }
            }
        }
        try (GemmComparison comparison = new GemmComparison(backend, plan)) {
            results.addAll(comparison.results());
        }
        return results;
    }

    /** The setting of one decode step. */
    private record Cell(DType weights, int rank, int sequences, int context) {
        Map<String, String> parameters() {
            Map<String, String> parameters = new LinkedHashMap<>();
            parameters.put("weights", weights.label());
            parameters.put("adapter", rank == 0 ? "" : "r=" + rank);
            parameters.put("batch", Integer.toString(sequences));
            parameters.put("context", Integer.toString(context));
            return parameters;
        }
    }

    private static List<Cell> cells(GpuPlan plan, DType weights) {
        List<Cell> cells = new ArrayList<>();
        for (int rank : plan.ranks()) {
            for (int context : rank == 0 ? plan.contexts() : plan.contexts().subList(0, 1)) {
                for (int sequences : plan.sequences()) {
                    cells.add(new Cell(weights, rank, sequences, context));
                }
            }
        }
        return cells;
    }

    private static List<BenchResult> step(
            CudaBackend backend, GpuPlan plan, DecodeLayer layer, Cell cell, double bandwidth) {
        long kv = plan.shape().kvBytes(cell.context(), cell.sequences());
        long free = backend.freeBytes().orElse(Long.MAX_VALUE);
        Map<String, String> parameters = cell.parameters();
        if (kv > free) {
            parameters.put("op", StepTimer.STEP);
            parameters.put(
                    "note",
                    "skipped: KV of %,d bytes (computed), %,d are free".formatted(kv, free));
            return List.of(new BenchResult(LAYER, parameters, Map.of(), Map.of()));
        }
        try (StepTimer timer = new StepTimer(backend.queue(), plan.warmUps(), plan.samples())) {
            layer.decode(cell.sequences(), cell.context(), cell.rank(), timer);
            return timer.results(LAYER, parameters, bandwidth);
        }
    }
}
