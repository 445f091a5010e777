package dev.longhand.bench.serving;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.engine.Engine;
import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Usage;
import dev.longhand.study.workload.WorkloadMix;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A trace of requests of one mix, all submitted at once through the public API. */
final class Workload implements AutoCloseable {
    static final Metric OUTPUT_TOKENS = new Metric("output tokens", "");
    static final Metric TOKENS_PER_SECOND = Metric.of("tokens/s");
    static final Metric TTFT = new Metric("TTFT p50", "ms");

    private static final long SEED = 1;

    private final String model;
    private final WorkloadMix mix;
    private final double scale;
    private final int batch;
    private final List<WorkloadMix.Lengths> trace;
    private final Engine engine;

    /**
     * Opens a model for a trace.
     *
     * @param batch the number of sequences that decode together
     */
    Workload(ModelChoice choice, WorkloadMix mix, int requests, double scale, int batch) {
        model = choice.name();
        this.mix = mix;
        this.scale = scale;
        this.batch = batch;
        trace = mix.trace(requests, scale, SEED);
        int longest =
                trace.stream().mapToInt(each -> each.prompt() + each.output()).max().orElseThrow();
        engine =
                Engine.open(
                        choice.engine()
                                .withContextTokensMax(longest)
                                .withKvTokensMax(batch * longest)
                                .withSequencesMax(batch)
                                .withQueueDepthMax(requests));
    }

    /** Returns roughly how many decode steps a trace takes. */
    static double steps(WorkloadMix mix, int requests, double scale, int batch) {
        return mix.trace(requests, scale, SEED).stream()
                .mapToDouble(each -> each.prompt() / 6.0 + (double) each.output() / batch)
                .sum();
    }

    /** Runs the trace. */
    BenchResult run() throws InterruptedException {
        long start = System.nanoTime();
        List<Generation> generations = new ArrayList<>();
        for (WorkloadMix.Lengths each : trace) {
            generations.add(
                    engine.submit(
                            GenerationRequest.ids(Collections.nCopies(each.prompt(), 1))
                                    .withMaxTokens(each.output())
                                    .withSampling(SamplingOptions.greedy())
                                    .ignoringEos()));
        }
        List<Double> firstMillis = new ArrayList<>();
        long outputs = 0;
        long prompts = 0;
        for (Generation generation : generations) {
            Usage usage = generation.await().usage();
            outputs += usage.outputTokens();
            prompts += usage.promptTokens();
            firstMillis.add((usage.queuedNanos() + usage.prefillNanos()) / 1e6);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        Collections.sort(firstMillis);
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(Metric.of("s"), seconds);
        metrics.put(new Metric("prompt tokens", ""), (double) prompts);
        metrics.put(OUTPUT_TOKENS, (double) outputs);
        metrics.put(TOKENS_PER_SECOND, outputs / seconds);
        metrics.put(TTFT, firstMillis.get((firstMillis.size() - 1) / 2));
        return new BenchResult("Workload", parameters(), metrics, Map.of());
    }

    private Map<String, String> parameters() {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("model", model);
        parameters.put("mix", mix.name());
        parameters.put("requests", Integer.toString(trace.size()));
        parameters.put("scale", Double.toString(scale));
        parameters.put("batch", Integer.toString(batch));
        return parameters;
    }

    @Override
    public void close() {
        engine.close();
    }
}
