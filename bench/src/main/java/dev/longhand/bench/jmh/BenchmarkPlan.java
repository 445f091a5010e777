package dev.longhand.bench.jmh;

import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.error.InputException;

import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.TimeValue;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;

/**
 * The benchmarks that arguments of JMH name, checked with every combination of their parameters.
 * JMH itself ignores parameters that it does not know, and finds wrong values in the started JVM.
 */
final class BenchmarkPlan {
    private static final double START_SECONDS = 3;
    private static final TimeValue TEN = TimeValue.seconds(10); // JMH's default

    private final CommandLineOptions options;
    private int runs;
    private RunCost cost = RunCost.NONE;

    private BenchmarkPlan(CommandLineOptions options) {
        this.options = options;
    }

    /**
     * Checks arguments.
     *
     * @param given the names of the parameters among them
     * @throws InputException if no benchmark is named, a parameter has no use or a wrong value
     */
    static BenchmarkPlan of(
            CommandLineOptions options, Set<String> given, BenchmarkList known, OutputFormat out) {
        Collection<BenchmarkListEntry> entries;
        try {
            entries = known.find(out, options.getIncludes(), options.getExcludes());
        } catch (PatternSyntaxException e) {
            throw new InputException("no regular expression: " + e.getPattern(), e);
        }
        if (entries.isEmpty()) {
            throw new InputException(
                    "there is no benchmark %s; there are %s, and the commands that help lists"
                            .formatted(
                                    String.join(" ", options.getIncludes()),
                                    names(known.find(out, List.of(), List.of()))));
        }
        Set<String> parameters = new TreeSet<>();
        entries.forEach(entry -> parameters.addAll(parameters(entry).keySet()));
        for (String name : given) {
            if (!parameters.contains(name)) {
                throw new InputException(
                        "%s has no parameter '%s'; it has %s"
                                .formatted(names(entries), name, String.join(", ", parameters)));
            }
        }
        BenchmarkPlan plan = new BenchmarkPlan(options);
        entries.forEach(plan::add);
        return plan;
    }

    private static String names(Collection<BenchmarkListEntry> entries) {
        return entries.stream()
                .map(entry -> entry.getUserClassQName().replaceFirst(".*\\.", ""))
                .distinct()
                .sorted()
                .collect(Collectors.joining(", "));
    }

    private static Map<String, String[]> parameters(BenchmarkListEntry entry) {
        return entry.getParams().orElse(Map.of());
    }

    /** Returns one line: how many runs, what they write first and how long they take. */
    String text() {
        return "%d %s, %s".formatted(runs, runs == 1 ? "run" : "runs", cost.text());
    }

    private void add(BenchmarkListEntry entry) {
        ParameterFields fields = ParameterFields.of(entry.getUserClassQName());
        List<Map<String, String>> combinations = new ArrayList<>(List.of(Map.of()));
        parameters(entry)
                .forEach(
                        (name, defaults) -> {
                            Collection<String> values =
                                    options.getParameter(name).orElse(List.of(defaults));
                            List<Map<String, String>> more = new ArrayList<>();
                            for (Map<String, String> each : combinations) {
                                for (String value : values) {
                                    more.add(with(each, name, value));
                                }
                            }
                            combinations.clear();
                            combinations.addAll(more);
                        });
        for (Map<String, String> combination : combinations) {
            List<CheckedParameters> filled = fields.fill(combination);
            filled.forEach(CheckedParameters::check);
            runs++;
            add(entry, filled);
        }
    }

    private static Map<String, String> with(Map<String, String> values, String name, String value) {
        Map<String, String> more = new HashMap<>(values);
        more.put(name, value);
        return more;
    }

    /** JMH runs for a time or, single shots, for a number of invocations. */
    private void add(BenchmarkListEntry entry, List<CheckedParameters> filled) {
        int forks = Math.max(1, options.getForkCount().orElse(entry.getForks().orElse(1)));
        int warmUps = options.getWarmupIterations().orElse(entry.getWarmupIterations().orElse(5));
        int measured =
                options.getMeasurementIterations()
                        .orElse(entry.getMeasurementIterations().orElse(5));
        boolean shots = entry.getMode() == Mode.SingleShotTime;
        TimeValue warmUp = options.getWarmupTime().orElse(entry.getWarmupTime().orElse(TEN));
        TimeValue measure =
                options.getMeasurementTime().orElse(entry.getMeasurementTime().orElse(TEN));
        double timed = shots ? 0 : warmUps * seconds(warmUp) + measured * seconds(measure);
        cost = cost.plus(RunCost.ofSeconds(forks * (START_SECONDS + timed)));
        for (CheckedParameters each : filled) {
            cost = cost.plus(each.cost(shots ? forks * (warmUps + measured) : 0));
        }
    }

    private static double seconds(TimeValue time) {
        return time.convertTo(TimeUnit.MILLISECONDS) / 1e3;
    }
}
