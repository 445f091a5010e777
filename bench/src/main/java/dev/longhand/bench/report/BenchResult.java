package dev.longhand.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What one run of a benchmark gave.
 *
 * @param benchmark its name
 * @param parameters what was measured, by name
 * @param metrics figures by name, which ends in the unit; only finite ones
 * @param series figures along a run, by name; all of one length
 */
public record BenchResult(
        String benchmark,
        Map<String, String> parameters,
        Map<String, Double> metrics,
        Map<String, List<Double>> series) {
    public BenchResult {
        parameters = ordered(parameters);
        metrics = ordered(metrics);
        series = ordered(series);
        metrics.forEach(BenchResult::requireFinite);
        series.forEach((name, values) -> values.forEach(value -> requireFinite(name, value)));
        if (series.values().stream().mapToInt(List::size).distinct().count() > 1) {
            throw new IllegalArgumentException(benchmark + ": series differ in length");
        }
    }

    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }

    private static void requireFinite(String name, double value) {
        if (!Double.isFinite(value)) {
            throw new IllegalArgumentException("%s is %s".formatted(name, value));
        }
    }

    /** The value of a parameter that is there. */
    public String parameter(String name) {
        return known(parameters, name);
    }

    /** The value of a metric that is there. */
    public double metric(String name) {
        return known(metrics, name);
    }

    /** The values of a series that is there. */
    public List<Double> values(String name) {
        return known(series, name);
    }

    private <V> V known(Map<String, V> map, String name) {
        V value = map.get(name);
        if (value == null) {
            throw new IllegalArgumentException(benchmark + " has no " + name);
        }
        return value;
    }
}
