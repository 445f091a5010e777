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
import java.util.List;
import java.util.Map;

/** Where the time of a decode step goes, op by op, at some contexts of one sequence. */
final class StepSplit {
    static final String QKV = "norm, qkv";
    static final String ATTENTION = "attention";
    static final String OUTPUT = "output";
    static final String GATE_UP = "norm, gate, up";
    static final String DOWN = "down";
    static final String HEAD = "norm, head";
    static final String SAMPLING = "sampling";

    /** Embedding, RoPE, what the host does between ops. */
    static final String OTHER = "other";

    /** From the bottom of a bar to its top. */
    static final List<String> OPS =
            List.of(GATE_UP, DOWN, QKV, OUTPUT, HEAD, SAMPLING, OTHER, ATTENTION);

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
        if (backend.memoryAvailableBytes().isPresent()) {
            backend.close();
            throw new InputException(device.name() + " queues its ops; a split needs a CPU");
        }
        OpTimer timer = new OpTimer(backend, config);
        try (ModelSession session =
                new ModelSession(
                        model,
                        timer.door(),
                        BenchModel.quantized(weights),
                        backend.kvDtypeDefault(),
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
        Map<String, Long> nanos = timer.nanos();
        double named = 0;
        for (String op : OPS) {
            double millis = nanos.getOrDefault(op, 0L) / 1e6 / steps;
            metrics.put(op, millis);
            named += millis;
        }
        metrics.merge(OTHER, stepMillis - named, Double::sum);
        return new BenchResult("StepSplit", parameters, metrics, Map.of());
    }
}
