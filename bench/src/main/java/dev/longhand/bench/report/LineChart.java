package dev.longhand.bench.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A chart of lines; both axes begin at zero.
 *
 * @param xLabel quantity of the x axis
 * @param yLabel quantity and unit of the y axis
 * @param lines the lines, at least one
 */
public record LineChart(String title, String xLabel, String yLabel, List<Line> lines) {
    private static final int LABELLED_POINTS_MAX = 4;

    /**
     * The offset of printed values from their points. Those of the first line stand below it and
     * all others above, so that the values of two close lines do not overlap.
     */
    private static final int BELOW = 22;

    private static final int ABOVE = -9;

    /**
     * A line.
     *
     * @param xs the positions on the x axis, ascending, none negative
     * @param ys the values at {@code xs}, none negative
     */
    public record Line(String label, List<Double> xs, List<Double> ys) {
        public Line {
            xs = List.copyOf(xs);
            ys = List.copyOf(ys);
            if (xs.isEmpty() || xs.size() != ys.size()) {
                throw new IllegalArgumentException(
                        "%s: %d xs, %d ys".formatted(label, xs.size(), ys.size()));
            }
        }
    }

    public LineChart {
        lines = List.copyOf(lines);
        if (lines.isEmpty()) {
            throw new IllegalArgumentException(title + ": no lines");
        }
    }

    /** Writes the chart as an SVG file. Lines of at most four points carry their values as text. */
    public void write(Path svg) throws IOException {
        double xMax = lines.stream().flatMap(line -> line.xs().stream()).reduce(0.0, Math::max);
        double yMax = lines.stream().flatMap(line -> line.ys().stream()).reduce(0.0, Math::max);
        SvgCanvas canvas = new SvgCanvas(title, xLabel, yLabel, xMax, yMax);
        canvas.xTicks();
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            canvas.line(i, line.xs(), line.ys());
            for (int p = 0; line.xs().size() <= LABELLED_POINTS_MAX && p < line.xs().size(); p++) {
                double y = line.ys().get(p);
                canvas.value(line.xs().get(p), y, i == 0 ? BELOW : ABOVE, Markdown.threeDigits(y));
            }
            canvas.legend(i, i, lines.get(i).label());
        }
        canvas.write(svg);
    }
}
