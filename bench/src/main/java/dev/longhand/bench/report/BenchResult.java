package dev.longhand.bench.report;

import org.jspecify.annotations.Nullable;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of one run of a benchmark.
 *
 * @param benchmark the name of the benchmark
 * @param parameters the settings of the run, by name
 * @param metrics finite values
 * @param series finite values along the run; all series have the same length
 */
public record BenchResult(
        String benchmark,
        Map<String, String> parameters,
        Map<Metric, Double> metrics,
        Map<Metric, List<Double>> series) {
    public BenchResult {
        parameters = ordered(parameters);
        metrics = ordered(metrics);
        series = ordered(series);
        metrics.forEach(BenchResult::requireFinite);
        series.forEach((metric, values) -> values.forEach(value -> requireFinite(metric, value)));
        if (series.values().stream().mapToInt(List::size).distinct().count() > 1) {
            throw new IllegalArgumentException(benchmark + ": series differ in length");
        }
    }

    private static <K, V> Map<K, V> ordered(Map<K, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    private static void requireFinite(Metric metric, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("%s is %s".formatted(metric.label(), value));
        }
    }

    /** The value of a parameter, which must be present. */
    public String parameter(String name) {
        return require(name, parameters.get(name));
    }

    /** The value of a metric, which must be present. */
    public double metric(Metric metric) {
        return require(metric.label(), metrics.get(metric));
    }

    /** The values of a series, which must be present. */
    public List<Double> values(Metric metric) {
        return require(metric.label(), series.get(metric));
    }

    private <V> V require(String what, @Nullable V value) {
        if (value == null) {
            throw new IllegalArgumentException(benchmark + " has no " + what);
        }
        return value;
    }
}
