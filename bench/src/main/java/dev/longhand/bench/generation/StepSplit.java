package dev.longhand.bench.generation;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.backend.ComputeBackend;

import java.util.LinkedHashMap;
import java.util.Map;

/** The time of a decode step of one sequence, split by {@link StepOp}. */
public final class StepSplit {
    public static final String CONTEXT = "context";
    public static final Metric STEP = Metric.of("ms/token");

    private static final int WARM_UP_STEPS = 3;

    private StepSplit() {}

    /**
     * Times the ops of decode steps on a CPU.
     *
     * @param context positions in the cache before the first step
     * @param steps timed steps, of which the mean is taken
     * @throws InputException if the device queues its ops
     */
    public static BenchResult measure(ModelChoice choice, int context, int steps) {
        ModelConfig config = ModelConfig.read(choice.folder());
        ComputeBackend backend = choice.openBackend();
        if (backend.freeBytes().isPresent()) {
            backend.close();
            throw new InputException(
                    choice.device().name() + " queues its ops; a split needs a CPU");
        }
        OpTimer timer = new OpTimer(backend, config);
        try (ModelSession session = new ModelSession(choice, backend, timer, context, 1)) {
            session.fillContext(context);
            for (int i = 0; i < WARM_UP_STEPS; i++) {
                session.decode(context, i);
            }
            timer.clear();
            long start = System.nanoTime();
            for (int i = 0; i < steps; i++) {
                session.decode(context, WARM_UP_STEPS + i);
            }
            return result(choice, context, (System.nanoTime() - start) / 1e6 / steps, timer, steps);
        }
    }

    private static BenchResult result(
            ModelChoice choice, int context, double stepMillis, OpTimer timer, int steps) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("model", choice.name());
        parameters.put(CONTEXT, Integer.toString(context));
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(STEP, stepMillis);
        double timed = 0;
        for (StepOp op : StepOp.values()) {
            double millis = timer.nanos(op) / 1e6 / steps;
            metrics.put(op.time(), millis);
            timed += millis;
        }
        metrics.merge(StepOp.OTHER.time(), stepMillis - timed, Double::sum);
        return new BenchResult("StepSplit", parameters, metrics, Map.of());
    }
}
