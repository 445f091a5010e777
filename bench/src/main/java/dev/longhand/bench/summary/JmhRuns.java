package dev.longhand.bench.summary;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;

import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Short runs of JMH benchmarks in this JVM, without forks: good for a report, not for comparisons.
 */
final class JmhRuns {
    private static final TimeValue ITERATION = TimeValue.milliseconds(300);

    private JmhRuns() {}

    /**
     * Runs every method of a class.
     *
     * @param parameters values by parameter name; absent parameters keep their defaults
     * @param iterations the number of measured iterations, which follow one warm-up iteration
     */
    static List<BenchResult> run(
            Class<?> benchmark, Map<String, List<String>> parameters, int iterations) {
        ChainedOptionsBuilder options =
                new OptionsBuilder()
                        .include("\\." + benchmark.getSimpleName() + "\\.")
                        .forks(0)
                        .warmupIterations(1)
                        .warmupTime(ITERATION)
                        .measurementIterations(iterations)
                        .measurementTime(ITERATION)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT);
        parameters.forEach((name, values) -> options.param(name, values.toArray(String[]::new)));
        List<BenchResult> results = new ArrayList<>();
        try {
            for (RunResult run : new Runner(options.build()).run()) {
                results.add(result(run));
            }
        } catch (RunnerException e) {
            throw new IllegalStateException(benchmark.getSimpleName() + " failed", e);
        }
        return results;
    }

    private static BenchResult result(RunResult run) {
        String method = run.getParams().getBenchmark().replaceFirst(".*\\.(\\w+\\.\\w+)$", "$1");
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String name : run.getParams().getParamsKeys()) {
            String value = run.getParams().getParam(name);
            // Folders belong to one machine, and most results share the number of threads.
            if (!name.equals("cache") && !name.equals("model") && !name.equals("threads")) {
                parameters.put(name, value);
            }
        }
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        put(metrics, "time", run.getPrimaryResult());
        run.getSecondaryResults().forEach((name, result) -> put(metrics, name, result));
        return new BenchResult(method, parameters, metrics, Map.of());
    }

    private static void put(Map<Metric, Double> metrics, String name, Result<?> result) {
        String unit = result.getScoreUnit();
        metrics.put(new Metric(name, unit.equals("#") ? "" : unit), result.getScore());
    }
}
