package dev.longhand.bench.summary;

import dev.longhand.bench.generation.StepOp;
import dev.longhand.bench.generation.StepSplit;
import dev.longhand.bench.generation.TokenTimes;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.LineChart;
import dev.longhand.bench.report.Markdown;
import dev.longhand.bench.report.Provenance;
import dev.longhand.bench.report.StackedBarChart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The Markdown report of results and its charts: decode rates by position, time by op. */
final class ReportFiles {
    static final String REPORT = "report.md";

    private static final String EXPLANATION =
            """
            MB/token is computed: every weight, an unmerged adapter, keys and values at the mean \
            position, divided by the batch. % of bandwidth is MB/token times tokens/s over the \
            bandwidth that the same JVM measured before and after with all threads. Weights are \
            random, so the texts mean nothing; times do not depend on them.\
            """;

    private final Path folder;
    private final List<BenchResult> results;

    /** Creates a report, which {@link #write} writes into an existing folder. */
    ReportFiles(Path folder, List<BenchResult> results) {
        this.folder = folder;
        this.results = List.copyOf(results);
    }

    /** Writes the charts and {@value #REPORT}. */
    void write(Provenance provenance, double seconds) throws IOException {
        Markdown report = new Markdown("Longhand, measured briefly", provenance);
        report.paragraph(String.format(Locale.ROOT, "It took %.0f s. ", seconds) + EXPLANATION);
        for (Map.Entry<String, List<LineChart.Line>> chart : rates().entrySet()) {
            String file = "tokens-per-second-" + chart.getKey().replaceAll("\\W+", "-") + ".svg";
            String title = "Decode rate of " + chart.getKey();
            new LineChart(title, "position", "tokens/s", chart.getValue())
                    .write(folder.resolve(file));
            report.picture(title + " against position", file);
        }
        List<BenchResult> splits = of("StepSplit");
        if (!splits.isEmpty()) {
            String file = "time-per-op.svg";
            String title = "Time of a decode step of " + splits.getFirst().parameter("model");
            List<StackedBarChart.Bar> bars = splits.stream().map(ReportFiles::bar).toList();
            new StackedBarChart(title, "positions before it", "ms/token", bars)
                    .write(folder.resolve(file));
            report.picture(title + ", by op", file);
        }
        Files.writeString(folder.resolve(REPORT), report.results(results).text());
    }

    private List<BenchResult> of(String benchmark) {
        return results.stream().filter(result -> result.benchmark().equals(benchmark)).toList();
    }

    /**
     * Returns the lines of each chart: rates of generations by position, and of single steps by
     * context.
     */
    private Map<String, List<LineChart.Line>> rates() {
        Map<String, List<LineChart.Line>> charts = new LinkedHashMap<>();
        for (BenchResult run : of("LongGeneration")) {
            String chart =
                    "%s, batch %s, %s tokens"
                            .formatted(
                                    run.parameter("model"),
                                    run.parameter("batch"),
                                    run.parameter("output"));
            String adapter = run.parameter("adapter").toLowerCase(Locale.ROOT).replace('_', ' ');
            charts.computeIfAbsent(chart, any -> new ArrayList<>())
                    .add(
                            new LineChart.Line(
                                    adapter.equals("none") ? "base" : adapter,
                                    run.values(TokenTimes.POSITION),
                                    run.values(TokenTimes.TOKENS_PER_SECOND)));
        }
        List<BenchResult> splits = of("StepSplit");
        if (!splits.isEmpty()) {
            charts.put(
                    splits.getFirst().parameter("model") + ", single steps at contexts",
                    List.of(
                            new LineChart.Line(
                                    "base",
                                    splits.stream().map(ReportFiles::context).toList(),
                                    splits.stream()
                                            .map(split -> 1000 / split.metric(StepSplit.STEP))
                                            .toList())));
        }
        return charts;
    }

    private static Double context(BenchResult split) {
        return Double.valueOf(split.parameter(StepSplit.CONTEXT));
    }

    private static StackedBarChart.Bar bar(BenchResult split) {
        Map<String, Double> parts = new LinkedHashMap<>();
        for (StepOp op : StepOp.values()) {
            parts.put(op.label(), split.metric(op.time()));
        }
        return new StackedBarChart.Bar(String.format(Locale.ROOT, "%,.0f", context(split)), parts);
    }
}
