package dev.longhand.bench.report;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Lines over a common x axis, both axes from zero.
 *
 * @param xLabel what the x axis counts
 * @param yLabel what the y axis measures, with its unit
 * @param lines at least one
 */
public record LineChart(String title, String xLabel, String yLabel, List<Line> lines) {
    /**
     * A line.
     *
     * @param xs ascending, positive
     * @param ys as many, positive
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

    /** Draws the chart into a file. */
    public void write(Path png) throws IOException {
        double xMax = lines.stream().flatMap(line -> line.xs().stream()).reduce(0.0, Math::max);
        double yMax = lines.stream().flatMap(line -> line.ys().stream()).reduce(0.0, Math::max);
        Canvas canvas = new Canvas(title, xLabel, yLabel, xMax, yMax);
        canvas.xTicks();
        for (int i = 0; i < lines.size(); i++) {
            canvas.line(i, lines.get(i).xs(), lines.get(i).ys());
            canvas.legend(i, i, lines.get(i).label());
        }
        canvas.write(png);
    }
}
