package dev.longhand.bench.kernels;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.DeviceOptions;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.bench.report.ResultOptions;
import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cases.OpCase;
import dev.longhand.kernels.cases.OpCases;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/** Times every op of the case table on a device. */
@Command(
        name = "kernels",
        mixinStandardHelpOptions = true,
        description = "Times every op of the case table, as a Markdown table.")
public final class KernelReport implements Runnable {
    private static final double ROUND_NANOS = 5e6;
    private static final int ROUNDS_MIN = 5;
    private static final int RUNS_MAX = 10_000;
    private static final int SETUP_MILLIS = 100; // roughly, for each case

    @Mixin private DeviceOptions device = new DeviceOptions();
    @Mixin private ResultOptions output = new ResultOptions();

    @Option(
            names = "--only",
            defaultValue = "",
            paramLabel = "PART",
            description = "Only cases whose name contains this.")
    private String only = "";

    @Option(
            names = "--millis",
            defaultValue = "100",
            description = "Time for each case. Default: ${DEFAULT-VALUE}.")
    private int millis;

    @Override
    public void run() {
        List<OpCase> cases =
                OpCases.all().stream().filter(opCase -> opCase.name().contains(only)).toList();
        if (cases.isEmpty()) {
            throw new InputException("no case has '" + only + "' in its name");
        }
        Counts.requirePositive("--millis", millis);
        double seconds = cases.size() * (millis + SETUP_MILLIS) / 1e3;
        System.err.println(cases.size() + " cases, " + RunCost.ofSeconds(seconds).text());
        OptionalDouble bandwidth = bandwidth();
        List<BenchResult> results = new ArrayList<>();
        String description = device.device().name();
        for (OpCase opCase : cases) {
            try (ComputeBackend backend = device.openBackend()) {
                description = backend.capabilities().description();
                if (opCase.refusal(backend).isEmpty()) {
                    results.add(measure(opCase, backend, millis, bandwidth));
                }
            }
        }
        output.report("Kernels on " + description, results);
    }

    /** The bandwidth of the memory that the device reads. */
    private OptionalDouble bandwidth() {
        if (MemoryBandwidth.inHostMemory(device.device(), device.threads())) {
            return MemoryBandwidth.measure(device.device(), device.threads());
        }
        try (ComputeBackend backend = device.openBackend()) {
            return CopyBandwidth.measure(backend);
        }
    }

    /** Returns the median over rounds. The runs of a round are queued without waiting. */
    static BenchResult measure(
            OpCase opCase, ComputeBackend backend, int millis, OptionalDouble bandwidth) {
        try (TimedCase timed = new TimedCase(opCase, backend)) {
            round(timed, 1); // touches pages and loads code
            int runs = (int) Math.clamp(ROUND_NANOS / round(timed, 1), 1, RUNS_MAX);
            List<Double> rounds = new ArrayList<>();
            long end = System.nanoTime() + millis * 1_000_000L;
            while (rounds.size() < ROUNDS_MIN || System.nanoTime() < end) {
                rounds.add(round(timed, runs));
            }
            double[] sorted = rounds.stream().mapToDouble(nanos -> nanos).toArray();
            Arrays.sort(sorted);
            return result(opCase, sorted[sorted.length / 2], bandwidth);
        }
    }

    private static double round(TimedCase timed, int runs) {
        long start = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            timed.run();
        }
        timed.finish();
        return (double) (System.nanoTime() - start) / runs;
    }

    private static BenchResult result(OpCase opCase, double nanos, OptionalDouble bandwidth) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("case", opCase.name());
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(Metric.of("us"), nanos / 1e3);
        metrics.put(Metric.of("GB/s"), opCase.bytes() / nanos);
        metrics.put(Metric.of("GFLOP/s"), opCase.flops() / nanos);
        bandwidth.ifPresent(
                limit ->
                        metrics.put(
                                new Metric("of bandwidth", "%"),
                                1e11 * opCase.bytes() / nanos / limit));
        return new BenchResult("Kernel", parameters, metrics, Map.of());
    }
}
