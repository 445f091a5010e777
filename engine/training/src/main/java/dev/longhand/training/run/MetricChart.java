package dev.longhand.training.run;

import java.util.List;
import java.util.Locale;

/**
 * A chart of a metric over the steps, as SVG. Its colours follow the light or dark scheme of the
 * viewer. Points that are not finite are left out.
 */
final class MetricChart {
    private static final int WIDTH = 900;
    private static final int HEIGHT = 500;
    private static final int LEFT = 80;
    private static final int RIGHT = 870;
    private static final int TOP = 60;
    private static final int BOTTOM = 440;
    private static final int TICKS = 5;

    private static final String STYLE =
            """
            <style>
            text { font: 15px sans-serif; fill: #1f2328 }
            .end { text-anchor: end }
            .middle { text-anchor: middle }
            .paper { fill: #ffffff }
            .grid { stroke: #d0d7de }
            polyline { fill: none; stroke-width: 2 }
            .line0 { stroke: #0072B2 } .dot0 { fill: #0072B2 }
            .line1 { stroke: #D55E00 } .dot1 { fill: #D55E00 }
            @media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 } .paper { fill: #0d1117 } .grid { stroke: #30363d }
            .line0 { stroke: #4AA8E0 } .dot0 { fill: #4AA8E0 }
            .line1 { stroke: #F07F2E } .dot1 { fill: #F07F2E }
            }
            </style>
            """;

    /** A value at a step. */
    record Point(long step, double value) {}

    /** A named line. */
    record Line(String name, List<Point> points) {
        Line {
            points = points.stream().filter(each -> Double.isFinite(each.value())).toList();
        }
    }

    private final StringBuilder svg = new StringBuilder();
    private final double stepMax;
    private final double valueMax;

    private MetricChart(List<Line> lines) {
        stepMax =
                Math.max(
                        1,
                        lines.stream()
                                .flatMap(line -> line.points().stream())
                                .mapToLong(Point::step)
                                .max()
                                .orElse(1));
        double largest =
                lines.stream()
                        .flatMap(line -> line.points().stream())
                        .mapToDouble(Point::value)
                        .max()
                        .orElse(1);
        valueMax = largest > 0 ? largest * 1.05 : 1;
    }

    /** Draws lines, the first of which is thin where it has many points. */
    static String svg(String title, List<Line> lines) {
        return new MetricChart(lines).draw(title, lines);
    }

    private String draw(String title, List<Line> lines) {
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">", WIDTH, HEIGHT);
        svg.append(STYLE);
        add("<rect class=\"paper\" width=\"%d\" height=\"%d\"/>", WIDTH, HEIGHT);
        add("<text x=\"%d\" y=\"30\">%s</text>", LEFT, title);
        add(
                "<text class=\"middle\" x=\"%d\" y=\"%d\">step</text>",
                (LEFT + RIGHT) / 2, HEIGHT - 12);
        for (int i = 0; i <= TICKS; i++) {
            double value = valueMax * i / TICKS;
            add(
                    "<line class=\"grid\" x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\"/>",
                    LEFT, y(value), RIGHT, y(value));
            add(
                    "<text class=\"end\" x=\"%d\" y=\"%.1f\">%.3g</text>",
                    LEFT - 8, y(value) + 5, value);
            double step = stepMax * i / TICKS;
            add(
                    "<text class=\"middle\" x=\"%.1f\" y=\"%d\">%.0f</text>",
                    x(step), BOTTOM + 22, step);
        }
        for (int i = 0; i < lines.size(); i++) {
            line(i, lines.get(i));
        }
        return svg + "</svg>\n";
    }

    private void line(int index, Line line) {
        StringBuilder points = new StringBuilder();
        for (Point point : line.points()) {
            points.append(
                    String.format(
                            Locale.ROOT, "%.1f,%.1f ", x((double) point.step()), y(point.value())));
        }
        add("<polyline class=\"line%d\" points=\"%s\"/>", index, points.toString().strip());
        int left = LEFT + 20 + 180 * index;
        add("<rect class=\"dot%d\" x=\"%d\" y=\"40\" width=\"12\" height=\"12\"/>", index, left);
        add("<text x=\"%d\" y=\"51\">%s</text>", left + 18, line.name());
    }

    @SuppressWarnings("AnnotateFormatMethod") // its annotation is in a library that this lacks
    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private double x(double step) {
        return LEFT + (RIGHT - LEFT) * step / stepMax;
    }

    private double y(double value) {
        return BOTTOM - (BOTTOM - TOP) * value / valueMax;
    }
}
