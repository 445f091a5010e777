package dev.longhand.bench.jmh;

import dev.longhand.bench.report.Metric;

import java.util.Map;

/**
 * The metrics of an iteration beside its time, on their way from a benchmark to {@link
 * FigureProfiler}, which JMH creates in the same JVM. (JMH's own counters sum over iterations and
 * know no units.)
 */
public final class Figures {
    private static Map<Metric, Double> last = Map.of();

    private Figures() {}

    /** Reports the metrics of the iteration that ends. */
    public static synchronized void report(Map<Metric, Double> metrics) {
        last = Map.copyOf(metrics);
    }

    /** Returns what was reported since the last call. */
    static synchronized Map<Metric, Double> take() {
        Map<Metric, Double> taken = last;
        last = Map.of();
        return taken;
    }
}
