package dev.longhand.bench.kernels;

import dev.longhand.bench.report.Median;
import dev.longhand.bindings.cuda.CudaQueue;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Times the ops of decode steps, which are queued without waiting. Between two uses of a matrix a
 * step reads all other matrices, so each matrix comes from memory if the layer is larger than L2.
 */
final class StepTimer implements DecodeLayer.Meter, AutoCloseable {
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
     * Returns one line for each op and one for the step: the median time and the floor at this
     * bandwidth.
     */
    List<String> lines(double bytesPerSecond) {
        int ops = floors.size();
        int marks = ops + 1;
        List<Double> each = timer.millis(1);
        List<Double> whole = timer.millis(ops);
        List<String> lines = new ArrayList<>();
        int op = 0;
        long bytes = 0;
        for (Map.Entry<String, OpTraffic.Floor> entry : floors.entrySet()) {
            lines.add(
                    line(
                            entry.getKey(),
                            every(each, marks, op),
                            entry.getValue().bytes(),
                            bytesPerSecond));
            bytes += entry.getValue().bytes();
            op++;
        }
        lines.add(line("step", every(whole, marks, 0), bytes, bytesPerSecond));
        return lines;
    }

    /** Returns the times of one op, without those of the warm-up steps. */
    private List<Double> every(List<Double> times, int stride, int first) {
        List<Double> own = new ArrayList<>();
        for (int step = warmUpSteps; step < steps(); step++) {
            own.add(times.get(step * stride + first));
        }
        return own;
    }

    private static String line(String what, List<Double> millis, long bytes, double perSecond) {
        double median = Median.of(millis);
        double floor = bytes / perSecond * 1e3;
        String ratio = bytes == 0 ? "" : String.format(Locale.ROOT, " %6.2fx", median / floor);
        return String.format(
                Locale.ROOT,
                "  %-16s %10.1f us   floor %8.1f us%s",
                what,
                median * 1e3,
                floor * 1e3,
                ratio);
    }

    @Override
    public void close() {
        timer.close();
    }
}
