package dev.longhand.bench.jmh;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;

import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Results of JMH in the words of this module. */
public final class JmhResults {
    private JmhResults() {}

    /** Returns a run's result; folders are left out, as they belong to one machine. */
    public static BenchResult of(RunResult run) {
        String method = run.getParams().getBenchmark().replaceFirst(".*\\.(\\w+\\.\\w+)$", "$1");
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String name : run.getParams().getParamsKeys()) {
            String value = run.getParams().getParam(name);
            if (!name.equals("cache") && !name.equals("model") && !name.equals("threads")) {
                parameters.put(name, value);
            }
        }
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        Result<?> time = run.getPrimaryResult();
        metrics.put(new Metric("time", time.getScoreUnit()), time.getScore());
        run.getSecondaryResults()
                .forEach((name, result) -> metrics.put(metric(name, result), result.getScore()));
        return new BenchResult(method, parameters, metrics, Map.of());
    }

    /** A name that is a metric's label has its unit already. */
    private static Metric metric(String name, Result<?> result) {
        String unit = result.getScoreUnit();
        if (unit.equals("#") || unit.isEmpty()) {
            return new Metric(name, "");
        }
        return name.equals(unit)
                ? Metric.of(unit)
                : name.endsWith(" " + unit)
                        ? new Metric(name.substring(0, name.length() - unit.length() - 1), unit)
                        : name.startsWith(unit + " ")
                                ? new Metric(name.substring(unit.length() + 1), unit)
                                : new Metric(name, unit);
    }

    /** Returns a block of lines for each run: JMH's own table is as wide as all parameters. */
    static String text(Collection<RunResult> runs) {
        StringBuilder text = new StringBuilder();
        for (RunResult run : runs) {
            BenchResult result = of(run);
            text.append('\n').append(result.benchmark());
            result.parameters()
                    .forEach(
                            (name, value) ->
                                    text.append(' ').append(name).append('=').append(value));
            text.append('\n');
            result.metrics()
                    .forEach(
                            (metric, value) ->
                                    text.append(
                                            String.format(
                                                    Locale.ROOT,
                                                    "  %-24s %,14.3f%n",
                                                    metric.label(),
                                                    value)));
        }
        return text.toString();
    }
}
