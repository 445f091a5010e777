package dev.longhand.study.chart;

import dev.longhand.study.table.Cell;
import dev.longhand.study.table.Metric;
import dev.longhand.study.table.OwnRuns;
import dev.longhand.study.table.StudyTable;

import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.lines.SeriesLines;

import java.awt.Color;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The study's figures 2 to 4. Of figures 2 and 4 the public sources have no values but one gain, so
 * these are mostly drawn from one's own runs.
 */
public final class StudyCharts {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 560;

    /** The average accuracy that 16k samples add, as the caption of figure 2 says. */
    private static final double GAIN_OF_16K = 15.2;

    private static final String SIZE = "size-";
    private static final String BASE = "base:";
    private static final String TRAINED = "trained:";
    private static final String ORIGINAL = "original";

    private final List<StudyTable> tables;
    private final OwnRuns runs;

    /**
     * Takes what is drawn.
     *
     * @param tables the tables, filled with the values of the runs
     */
    public StudyCharts(List<StudyTable> tables, OwnRuns runs) {
        this.tables = List.copyOf(tables);
        this.runs = runs;
    }

    /**
     * Writes the figures as SVG and PNG.
     *
     * @return what is missing and why, a line for each figure that is not complete
     */
    public List<String> write(Path folder) throws IOException {
        List<String> missing = new ArrayList<>();
        ChartFile.write(dataSizes(), folder, "figure2");
        if (ownGains().isEmpty()) {
            missing.add(
                    "figure 2 has only the published gain of 16k samples; runs named size-N, beside"
                            + " the run original, add points");
        }
        ChartFile.write(doses(), folder, "figure3");
        Map<String, double[]> bases = bases();
        if (bases.isEmpty()) {
            missing.add(
                    "figure 4 is left out: its values are not public; runs named base:MODEL and"
                            + " trained:MODEL make it");
        } else {
            ChartFile.write(otherBases(bases), folder, "figure4");
        }
        return missing;
    }

    private static XYChart lines(String title, String x, String y) {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle(x)
                        .yAxisTitle(y)
                        .build();
        SeriesStyle.applyTo(chart.getStyler());
        return chart;
    }

    private static void add(
            XYChart chart,
            String name,
            Map<Double, Double> points,
            SeriesStyle style,
            boolean own) {
        if (points.isEmpty()) {
            return;
        }
        XYSeries series =
                chart.addSeries(
                        name, new ArrayList<>(points.keySet()), new ArrayList<>(points.values()));
        series.setLineColor(style.colour());
        series.setLineStyle(own ? style.ownLine() : style.line());
        series.setMarkerColor(style.colour());
        series.setMarker(style.marker());
    }

    private XYChart dataSizes() {
        XYChart chart =
                lines(
                        "Figure 2: gain by the number of training samples",
                        "training samples, in thousands",
                        "gain of the average accuracy, in points");
        add(
                chart,
                "study (caption only)",
                new TreeMap<>(Map.of(0.0, 0.0, 16.0, GAIN_OF_16K)),
                SeriesStyle.of(0),
                false);
        // Two points are no curve.
        chart.getSeriesMap().values().forEach(each -> each.setLineStyle(SeriesLines.NONE));
        add(chart, "own", ownGains(), SeriesStyle.of(1), true);
        chart.getStyler().setYAxisMin(Math.min(0, least(ownGains()))).setYAxisMax(25.0);
        return chart;
    }

    private static double least(Map<Double, Double> points) {
        return points.values().stream().mapToDouble(Double::doubleValue).min().orElse(0);
    }

    /** The gains of the runs size-N over the run original, by thousands of samples. */
    private Map<Double, Double> ownGains() {
        Map<Double, Double> gains = new TreeMap<>();
        Double original = runs.mathAverage(ORIGINAL);
        for (String run : runs.names()) {
            Double average = runs.mathAverage(run);
            if (run.matches(SIZE + "\\d{1,9}") && average != null && original != null) {
                gains.put(
                        Integer.parseInt(run.substring(SIZE.length())) / 1000.0,
                        average - original);
            }
        }
        return gains;
    }

    /** The average accuracies of table 2, by operator and share. */
    private XYChart doses() {
        XYChart chart =
                lines(
                        "Figure 3: average accuracy by the share of the perturbation",
                        "share, in percent",
                        "average accuracy, in percent");
        chart.getStyler().setXAxisMin(0.0).setXAxisMax(100.0).setYAxisMin(0.0).setYAxisMax(70.0);
        Map<String, Map<Double, Double>> published = averages(false);
        Map<String, Map<Double, Double>> own = averages(true);
        int index = 0;
        for (Map.Entry<String, Map<Double, Double>> each : published.entrySet()) {
            SeriesStyle style = SeriesStyle.of(index++);
            add(chart, each.getKey(), each.getValue(), style, false);
            add(
                    chart,
                    each.getKey() + " (own)",
                    own.getOrDefault(each.getKey(), Map.of()),
                    style,
                    true);
        }
        return chart;
    }

    private Map<String, Map<Double, Double>> averages(boolean own) {
        Map<String, Map<Double, Double>> averages = new LinkedHashMap<>();
        StudyTable table =
                tables.stream().filter(each -> each.number() == 2).findFirst().orElseThrow();
        Double correct = null;
        for (StudyTable.Row row : table.rows()) {
            Cell cell = row.cells().getLast();
            Double value = own ? cell.own() : cell.published();
            if (cell.metric() != Metric.AVERAGE || value == null) {
                continue;
            }
            if (cell.run().equals("correct")) {
                correct = value;
            }
            String share = row.labels().getLast().replace(" %", "");
            if (share.matches("\\d+")) {
                Map<Double, Double> series =
                        averages.computeIfAbsent(row.labels().getFirst(), key -> new TreeMap<>());
                series.put(Double.valueOf(share), value);
                if (correct != null) {
                    series.put(0.0, correct);
                }
            }
        }
        return averages;
    }

    /** Averages of models before and after training, where both are known. */
    private Map<String, double[]> bases() {
        Map<String, double[]> bases = new LinkedHashMap<>();
        for (String run : runs.names()) {
            if (run.startsWith(BASE)) {
                String model = run.substring(BASE.length());
                Double before = runs.mathAverage(run);
                Double after = runs.mathAverage(TRAINED + model);
                if (before != null && after != null) {
                    bases.put(model, new double[] {before, after});
                }
            }
        }
        return bases;
    }

    private static CategoryChart otherBases(Map<String, double[]> bases) {
        CategoryChart chart =
                new CategoryChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title("Figure 4: other models before and after training")
                        .xAxisTitle("model")
                        .yAxisTitle("average accuracy, in percent")
                        .build();
        SeriesStyle.applyTo(chart.getStyler());
        chart.getStyler().setAvailableSpaceFill(0.6).setYAxisMin(0.0).setYAxisMax(100.0);
        addBars(chart, "before", bases, 0, new Color(0x56B4E9));
        addBars(chart, "after", bases, 1, new Color(0x003A5C));
        return chart;
    }

    private static void addBars(
            CategoryChart chart,
            String name,
            Map<String, double[]> bases,
            int index,
            Color colour) {
        CategorySeries series =
                chart.addSeries(
                        name,
                        new ArrayList<>(bases.keySet()),
                        bases.values().stream().map(each -> each[index]).toList());
        series.setFillColor(colour);
    }
}
