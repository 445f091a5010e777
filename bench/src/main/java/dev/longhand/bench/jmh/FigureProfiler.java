package dev.longhand.bench.jmh;

import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.ScalarResult;

import java.util.Collection;

/** Adds the metrics that a benchmark has reported to JMH's results; JMH creates it. */
public final class FigureProfiler implements InternalProfiler {
    /** JMH calls this. */
    public FigureProfiler() {}

    @Override
    public String getDescription() {
        return "tokens/s, share of the bandwidth and other metrics of Longhand's benchmarks";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
        Figures.take();
    }

    @Override
    public Collection<ScalarResult> afterIteration(
            BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
        return Figures.take().entrySet().stream()
                .map(
                        each ->
                                new ScalarResult(
                                        each.getKey().label(),
                                        each.getValue(),
                                        each.getKey().unit(),
                                        AggregationPolicy.AVG))
                .toList();
    }
}
