package dev.longhand.bench;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.model.ModelConfig;
import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The time of a decode step of one sequence, split by {@link StepOp}. */
final class StepSplit {
    static final String CONTEXT = "context";
    static final String STEP = "ms/token";

    private static final int WARM_UP_STEPS = 3;

    private StepSplit() {}

    /**
     * Takes the times of a model on a host's device.
     *
     * @param weights how they are kept in memory
     * @param context positions before the first step
     * @param steps of which the mean is taken
     * @throws InputException if the device works on after its ops return
     */
    static BenchResult measure(
            Path model, Device device, int threads, DType weights, int context, int steps) {
        ModelConfig config = ModelConfig.read(model);
        ComputeBackend backend = BackendChoice.open(device, threads).backend();
        if (backend.freeBytes().isPresent()) {
            backend.close();
            throw new InputException(device.name() + " queues its ops; a split needs a CPU");
        }
        OpTimer timer = new OpTimer(backend, config);
        try (ModelSession session =
                new ModelSession(
                        model,
                        backend,
                        timer,
                        BenchModel.quantized(weights),
                        backend.capabilities().kvDtype(),
                        context,
                        1)) {
            session.fillContext(context);
            for (int i = 0; i < WARM_UP_STEPS; i++) {
                session.decode(context, i);
            }
            timer.clear();
            long start = System.nanoTime();
            for (int i = 0; i < steps; i++) {
                session.decode(context, WARM_UP_STEPS + i);
            }
            return result(model, context, (System.nanoTime() - start) / 1e6 / steps, timer, steps);
        }
    }

    private static BenchResult result(
            Path model, int context, double stepMillis, OpTimer timer, int steps) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("model", model.getFileName().toString());
        parameters.put(CONTEXT, Integer.toString(context));
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(STEP, stepMillis);
        double timed = 0;
        for (StepOp op : StepOp.values()) {
            double millis = timer.nanos(op) / 1e6 / steps;
            metrics.put(op.label(), millis);
            timed += millis;
        }
        metrics.merge(StepOp.OTHER.label(), stepMillis - timed, Double::sum);
        return new BenchResult("StepSplit", parameters, metrics, Map.of());
    }
}
