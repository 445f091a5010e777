package dev.longhand.bench.summary;

import dev.longhand.bench.jmh.FigureProfiler;
import dev.longhand.bench.jmh.JmhResults;
import dev.longhand.bench.report.BenchResult;

import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

import java.util.ArrayList;
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
                        .addProfiler(FigureProfiler.class)
                        .shouldFailOnError(true)
                        .verbosity(VerboseMode.SILENT);
        parameters.forEach((name, values) -> options.param(name, values.toArray(String[]::new)));
        List<BenchResult> results = new ArrayList<>();
        try {
            for (RunResult run : new Runner(options.build()).run()) {
                results.add(JmhResults.of(run));
            }
        } catch (RunnerException e) {
            throw new IllegalStateException(benchmark.getSimpleName() + " failed", e);
        }
        return results;
    }
}
