package dev.longhand.bench.kernels;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Median;
import dev.longhand.bench.report.Metric;
import dev.longhand.bindings.cuda.CudaQueue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Times the ops of decode steps, which are queued without waiting. Between two uses of a matrix a
 * step reads all other matrices, so each matrix comes from memory if the layer is larger than L2.
 */
final class StepTimer implements DecodeLayer.Meter, AutoCloseable {
    /** The op that stands for all of them. */
    static final String STEP = "step";

    private static final Metric FLOOR = new Metric("floor (computed)", "us");
    private static final Metric OF_FLOOR = new Metric("of the floor", "x");

    private final int warmUpSteps;
    private final int measuredSteps;
    private final EventTimer timer;
    private final Map<String, OpTraffic.Floor> floors = new LinkedHashMap<>();

    StepTimer(CudaQueue queue, int warmUpSteps, int measuredSteps) {
        this.warmUpSteps = warmUpSteps;
        this.measuredSteps = measuredSteps;
        timer = new EventTimer(queue);
    }

    @Override
    public int steps() {
        return warmUpSteps + measuredSteps;
    }

    @Override
    public void run(String op, OpTraffic.Floor floor, Runnable launch, Runnable wait) {
        if (op.equals(firstOp())) {
            timer.mark(); // the beginning of a step
        }
        floors.putIfAbsent(op, floor);
        launch.run();
        timer.mark();
    }

    private String firstOp() {
        return floors.isEmpty() ? "norm, qkv" : floors.keySet().iterator().next();
    }

    /**
     * Returns one result for each op and one for the step: the median time, and the floor at this
     * bandwidth, which is computed.
     *
     * @param name the name of each result
     * @param parameters the parameters of each result, to which the op is added
     */
    List<BenchResult> results(String name, Map<String, String> parameters, double bytesPerSecond) {
        int ops = floors.size();
        int marks = ops + 1;
        List<Double> each = timer.millis(1);
        List<Double> whole = timer.millis(ops);
        List<BenchResult> results = new ArrayList<>();
        int op = 0;
        long bytes = 0;
        for (Map.Entry<String, OpTraffic.Floor> entry : floors.entrySet()) {
            long own = entry.getValue().bytes();
            double floor = own / bytesPerSecond;
            results.add(result(name, parameters, entry.getKey(), every(each, marks, op), floor));
            bytes += own;
            op++;
        }
        double floor = bytes / bytesPerSecond;
        results.add(result(name, parameters, STEP, every(whole, marks, 0), floor));
        return results;
    }

    /** Returns the times of one op, without those of the warm-up steps. */
    private List<Double> every(List<Double> times, int stride, int first) {
        List<Double> own = new ArrayList<>();
        for (int step = warmUpSteps; step < steps(); step++) {
            own.add(times.get(step * stride + first));
        }
        return own;
    }

    private static BenchResult result(
            String name,
            Map<String, String> of,
            String op,
            List<Double> millis,
            double floorSeconds) {
        Map<String, String> parameters = new LinkedHashMap<>(of);
        parameters.put("op", op);
        double micros = Median.of(millis) * 1e3;
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(Metric.of("us"), micros);
        if (floorSeconds > 0) {
            metrics.put(FLOOR, floorSeconds * 1e6);
            metrics.put(OF_FLOOR, micros / (floorSeconds * 1e6));
        }
        return new BenchResult(name, parameters, metrics, Map.of());
    }

    @Override
    public void close() {
        timer.close();
    }
}
