package dev.longhand.bench.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * A chart of stacked bars, the first part at the bottom.
 *
 * @param xLabel meaning of the bars' labels
 * @param yLabel unit of the parts
 * @param bars the bars, at least one
 */
public record StackedBarChart(String title, String xLabel, String yLabel, List<Bar> bars) {
    private static final double WIDTH = 0.6;
    private static final int ABOVE = -7;

    /**
     * A bar.
     *
     * @param parts sizes by name, none negative
     */
    public record Bar(String label, Map<String, Double> parts) {
        double total() {
            return parts.values().stream().mapToDouble(Double::doubleValue).sum();
        }
    }

    public StackedBarChart {
        bars = List.copyOf(bars);
        if (bars.isEmpty()) {
            throw new IllegalArgumentException(title + ": no bars");
        }
    }

    /** Writes the chart as an SVG file. */
    public void write(Path svg) throws IOException {
        double yMax = bars.stream().mapToDouble(Bar::total).max().orElseThrow();
        SvgCanvas canvas = new SvgCanvas(title, xLabel, yLabel, bars.size(), yMax);
        LinkedHashSet<String> all = new LinkedHashSet<>();
        bars.forEach(bar -> all.addAll(bar.parts().keySet()));
        List<String> names = new ArrayList<>(all);
        for (int i = 0; i < names.size(); i++) {
            canvas.legend(i, names.size() - 1 - i, names.get(i)); // stacked like the bars
        }
        for (int b = 0; b < bars.size(); b++) {
            double from = 0;
            for (int i = 0; i < names.size(); i++) {
                double to = from + bars.get(b).parts().getOrDefault(names.get(i), 0.0);
                canvas.bar(i, b + 0.5, WIDTH, from, to);
                from = to;
            }
            canvas.value(b + 0.5, from, ABOVE, Markdown.number(from));
            canvas.xTick(b + 0.5, bars.get(b).label());
        }
        canvas.write(svg);
    }
}
