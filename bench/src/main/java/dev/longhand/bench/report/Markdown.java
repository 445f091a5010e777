package dev.longhand.bench.report;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Formats results as Markdown: a table for each benchmark, a row for each run. */
public final class Markdown {
    private final StringBuilder text = new StringBuilder();

    /** Begins a report with its title and the origin of its figures. */
    public Markdown(String title, Provenance provenance) {
        text.append("# ").append(title).append("\n\n").append(provenance.text()).append("\n");
    }

    /** Adds a paragraph. */
    public Markdown paragraph(String words) {
        text.append('\n').append(words).append('\n');
        return this;
    }

    /** Adds a picture that lies in the report's folder. */
    public Markdown picture(String caption, String file) {
        return paragraph("![%s](%s)".formatted(caption, file));
    }

    /** Adds the tables of some results. */
    public Markdown results(List<BenchResult> results) {
        Map<String, List<BenchResult>> byBenchmark = new LinkedHashMap<>();
        for (BenchResult result : results) {
            byBenchmark.computeIfAbsent(result.benchmark(), any -> new ArrayList<>()).add(result);
        }
        byBenchmark.forEach(this::table);
        return this;
    }

    private void table(String benchmark, List<BenchResult> results) {
        Set<String> parameters = new LinkedHashSet<>();
        Set<Metric> metrics = new LinkedHashSet<>();
        results.forEach(result -> parameters.addAll(result.parameters().keySet()));
        results.forEach(result -> metrics.addAll(result.metrics().keySet()));
        text.append("\n## ").append(benchmark).append("\n\n");
        List<String> head = new ArrayList<>(parameters);
        metrics.forEach(metric -> head.add(metric.label()));
        row(head);
        List<String> rule = new ArrayList<>(Collections.nCopies(parameters.size(), "---"));
        rule.addAll(Collections.nCopies(metrics.size(), "---:"));
        row(rule);
        for (BenchResult result : results) {
            List<String> cells = new ArrayList<>();
            parameters.forEach(name -> cells.add(result.parameters().getOrDefault(name, "")));
            for (Metric metric : metrics) {
                Double value = result.metrics().get(metric);
                cells.add(value == null ? "" : number(value));
            }
            row(cells);
        }
    }

    private void row(List<String> cells) {
        text.append("| ");
        text.append(String.join(" | ", cells.stream().map(Markdown::escaped).toList()));
        text.append(" |\n");
    }

    private static String escaped(String cell) {
        return cell.replace("|", "\\|").replace("\n", " ");
    }

    /**
     * Formats a number with four digits, at most three of them decimals; digits before the point
     * are never dropped.
     */
    static String number(double value) {
        double size = Math.abs(value);
        int decimals = size >= 1000 || size == 0 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    /** Formats a number rounded to three significant digits. */
    public static String threeDigits(double value) {
        return new BigDecimal(value).round(new MathContext(3)).toPlainString();
    }

    /** The report so far. */
    public String text() {
        return text.toString();
    }
}
