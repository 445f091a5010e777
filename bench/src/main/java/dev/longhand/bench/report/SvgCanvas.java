package dev.longhand.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * An SVG picture with a title, axes from zero, a grid and a legend at the right, 1100 x 620 units.
 * Its colours follow the light or dark scheme of the viewer.
 */
final class SvgCanvas {
    /** Colours that colour-blind people can distinguish (Okabe and Ito), for a white background. */
    private static final List<String> LIGHT =
            List.of(
                    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555",
                    "#B8A800");

    /** The same colours for a black background, lighter where necessary. */
    private static final List<String> DARK =
            List.of(
                    "#4AA8E0", "#F07F2E", "#2FC79A", "#E09AC2", "#E69F00", "#8BCDF2", "#A0A0A0",
                    "#D8C840");

    private static final String STYLE =
            """
            <style>
            text { font: 16px sans-serif; fill: #1f2328 }
            .title { font-size: 19px; font-weight: bold }
            .middle { text-anchor: middle }
            .end { text-anchor: end }
            .paper { fill: #ffffff }
            .grid { stroke: #d0d7de }
            .axis { stroke: #1f2328 }
            polyline { fill: none; stroke-width: 2.5 }
            LIGHT_RULES@media (prefers-color-scheme: dark) {
            text { fill: #e6edf3 }
            .paper { fill: #0d1117 }
            .grid { stroke: #30363d }
            .axis { stroke: #e6edf3 }
            DARK_RULES}
            </style>
            """;

    private static final int WIDTH = 1100;
    private static final int HEIGHT = 620;
    private static final int LEFT = 95;
    private static final int RIGHT = 800;
    private static final int TOP = 60;
    private static final int BOTTOM = 540;
    private static final int LEGEND = RIGHT + 25;
    private static final int LINE = 24;
    private static final int TICKS = 6;

    private final StringBuilder svg = new StringBuilder();
    private final double xMax;
    private final double yMax;

    /** Creates an empty picture, whose y axis ends at the next tick after {@code yMax}. */
    SvgCanvas(String title, String xLabel, String yLabel, double xMax, double yMax) {
        this.xMax = xMax;
        this.yMax = Math.ceil(yMax * 1.001 / step(yMax)) * step(yMax);
        add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">", WIDTH, HEIGHT);
        svg.append(STYLE.replace("LIGHT_RULES", rules(LIGHT)).replace("DARK_RULES", rules(DARK)));
        add("<rect class=\"paper\" width=\"%d\" height=\"%d\"/>", WIDTH, HEIGHT);
        text("title", LEFT, TOP - 24, title);
        text("middle", (LEFT + RIGHT) / 2.0, BOTTOM + 58, xLabel);
        add("<g transform=\"translate(26 %d) rotate(-90)\">", (TOP + BOTTOM) / 2);
        text("middle", 0, 0, yLabel);
        add("</g>");
        yAxis();
    }

    private static String rules(List<String> colors) {
        StringBuilder rules = new StringBuilder();
        for (int i = 0; i < colors.size(); i++) {
            rules.append(".fill%d { fill: %s }%n".formatted(i, colors.get(i)));
            rules.append(".stroke%d { stroke: %s }%n".formatted(i, colors.get(i)));
        }
        return rules.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod") // its annotation is in a library that bench lacks
    private void add(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void text(String style, double x, double y, String words) {
        String escaped = words.replace("&", "&amp;").replace("<", "&lt;");
        add("<text class=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>", style, x, y, escaped);
    }

    /**
     * Returns the distance between ticks: 1, 2 or 5 times a power of ten, so that about six ticks
     * reach the maximum.
     */
    static double step(double max) {
        double rough = max / TICKS;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double digit = rough / power;
        return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
    }

    static String tick(double value, double step) {
        int decimals = (int) Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    private void yAxis() {
        double step = step(yMax);
        for (int i = 0; i * step <= yMax * 1.0001; i++) {
            segment(i == 0 ? "axis" : "grid", LEFT, y(i * step), RIGHT, y(i * step));
            text("end", LEFT - 10, y(i * step) + 5, tick(i * step, step));
        }
    }

    private void segment(String style, double x1, double y1, double x2, double y2) {
        add(
                "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>",
                style, x1, y1, x2, y2);
    }

    /** Adds numbers along the x axis. */
    void xTicks() {
        double step = step(xMax);
        for (int i = 0; i * step <= xMax * 1.0001; i++) {
            xTick(i * step, tick(i * step, step));
        }
    }

    /** Adds a label at a position of the x axis. */
    void xTick(double at, String label) {
        segment("axis", x(at), BOTTOM, x(at), BOTTOM + 5);
        text("middle", x(at), BOTTOM + 24, label);
    }

    private double x(double value) {
        return LEFT + (RIGHT - LEFT) * value / xMax;
    }

    private double y(double value) {
        return BOTTOM - (BOTTOM - TOP) * value / yMax;
    }

    private static int color(int index) {
        return index % LIGHT.size();
    }

    /** Adds the name of a colour to the legend. */
    void legend(int index, int row, String name) {
        add(
                "<rect class=\"fill%d legend\" x=\"%d\" y=\"%d\" width=\"14\" height=\"14\"/>",
                color(index), LEGEND, TOP + row * LINE);
        text("", LEGEND + 22, TOP + row * LINE + 13, name);
    }

    /** Adds a line with a dot at every point. */
    void line(int index, List<Double> xs, List<Double> ys) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < xs.size(); i++) {
            double x = x(xs.get(i));
            double y = y(ys.get(i));
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x, y));
            add("<circle class=\"fill%d\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", color(index), x, y);
        }
        add(
                "<polyline class=\"stroke%d\" points=\"%s\"/>",
                color(index), points.toString().strip());
    }

    /** Adds a part of a bar, from one height to another. */
    void bar(int index, double middle, double width, double from, double to) {
        double left = x(middle - width / 2);
        add(
                "<rect class=\"fill%d\" x=\"%.1f\" y=\"%.3f\" width=\"%.1f\" height=\"%.3f\"/>",
                color(index), left, y(to), x(middle + width / 2) - left, y(from) - y(to));
    }

    /** Adds a number beside a point, {@code below} units below it. */
    void value(double x, double y, int below, String number) {
        text("middle", x(x), y(y) + below, number);
    }

    void write(Path file) throws IOException {
        Files.writeString(file, svg + "</svg>\n");
    }
}
