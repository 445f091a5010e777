package dev.longhand.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

import javax.imageio.ImageIO;

/** A picture with a title, axes from zero, a grid, a legend at the right; 1100 x 620 pixels. */
final class Canvas {
    /** Told apart by people who see few colours (Okabe and Ito). */
    private static final List<Color> COLORS =
            List.of(
                    new Color(0x0072B2),
                    new Color(0xD55E00),
                    new Color(0x009E73),
                    new Color(0xCC79A7),
                    new Color(0xE69F00),
                    new Color(0x56B4E9),
                    new Color(0x555555),
                    new Color(0xB8A800));

    private static final int WIDTH = 1100;
    private static final int HEIGHT = 620;
    private static final int LEFT = 95;
    private static final int RIGHT = 800;
    private static final int TOP = 60;
    private static final int BOTTOM = 540;
    private static final int LEGEND = RIGHT + 25;
    private static final int LINE = 24;
    private static final int TICKS = 6;
    private static final Color GRID = new Color(0xDDDDDD);

    private final BufferedImage image =
            new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    private final Graphics2D graphics = image.createGraphics();
    private final double xMax;
    private final double yMax;

    /** An empty picture whose axes end at the next tick after these values. */
    Canvas(String title, String xLabel, String yLabel, double xMax, double yMax) {
        this.xMax = xMax;
        this.yMax = Math.ceil(yMax * 1.001 / step(yMax)) * step(yMax);
        graphics.setRenderingHint(
                RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
        graphics.setRenderingHint(
                RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        graphics.setColor(Color.WHITE);
        graphics.fillRect(0, 0, WIDTH, HEIGHT);
        graphics.setColor(Color.BLACK);
        font(Font.BOLD, 19);
        graphics.drawString(title, LEFT, TOP - 24);
        font(Font.PLAIN, 16);
        centred(xLabel, (LEFT + RIGHT) / 2.0, BOTTOM + 58);
        AffineTransform upright = graphics.getTransform();
        graphics.rotate(-Math.PI / 2, 26, (TOP + BOTTOM) / 2.0);
        centred(yLabel, 26, (TOP + BOTTOM) / 2.0);
        graphics.setTransform(upright);
        yAxis();
    }

    private void font(int style, int size) {
        graphics.setFont(new Font(Font.SANS_SERIF, style, size));
    }

    /** 1, 2 or 5 times a power of ten, so that about six of them reach the maximum. */
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
            graphics.setColor(GRID);
            graphics.draw(new Line2D.Double(LEFT, y(i * step), RIGHT, y(i * step)));
            graphics.setColor(Color.BLACK);
            String text = tick(i * step, step);
            FontMetrics metrics = graphics.getFontMetrics();
            graphics.drawString(
                    text,
                    LEFT - 10 - metrics.stringWidth(text),
                    (int) y(i * step) + metrics.getAscent() / 2 - 2);
        }
        graphics.draw(new Line2D.Double(LEFT, BOTTOM, RIGHT, BOTTOM));
    }

    /** Numbers along the x axis. */
    void xTicks() {
        double step = step(xMax);
        for (int i = 0; i * step <= xMax * 1.0001; i++) {
            xTick(i * step, tick(i * step, step));
        }
    }

    /** A word at a place of the x axis. */
    void xTick(double at, String text) {
        graphics.setColor(Color.BLACK);
        graphics.draw(new Line2D.Double(x(at), BOTTOM, x(at), BOTTOM + 5));
        centred(text, x(at), BOTTOM + 24);
    }

    private void centred(String text, double middle, double baseline) {
        int width = graphics.getFontMetrics().stringWidth(text);
        graphics.drawString(text, (float) (middle - width / 2.0), (float) baseline);
    }

    private double x(double value) {
        return LEFT + (RIGHT - LEFT) * value / xMax;
    }

    private double y(double value) {
        return BOTTOM - (BOTTOM - TOP) * value / yMax;
    }

    private static Color color(int index) {
        return COLORS.get(index % COLORS.size());
    }

    /** Names a colour. */
    void legend(int index, int row, String text) {
        graphics.setColor(color(index));
        graphics.fill(new Rectangle2D.Double(LEGEND, TOP + row * LINE, 14, 14));
        graphics.setColor(Color.BLACK);
        graphics.drawString(text, LEGEND + 22, TOP + row * LINE + 13);
    }

    /** A line with a dot at every point. */
    void line(int index, List<Double> xs, List<Double> ys) {
        graphics.setColor(color(index));
        graphics.setStroke(new BasicStroke(2.5f));
        for (int i = 0; i < xs.size(); i++) {
            double x = x(xs.get(i));
            double y = y(ys.get(i));
            graphics.fill(new Ellipse2D.Double(x - 4, y - 4, 8, 8));
            if (i > 0) {
                graphics.draw(new Line2D.Double(x(xs.get(i - 1)), y(ys.get(i - 1)), x, y));
            }
        }
        graphics.setStroke(new BasicStroke(1));
    }

    /** A part of a bar, from one height to another. */
    void bar(int index, double middle, double width, double from, double to) {
        graphics.setColor(color(index));
        double left = x(middle - width / 2);
        graphics.fill(
                new Rectangle2D.Double(left, y(to), x(middle + width / 2) - left, y(from) - y(to)));
    }

    /** A number on a bar. */
    void barTop(double middle, double height, String text) {
        graphics.setColor(Color.BLACK);
        centred(text, x(middle), y(height) - 7);
    }

    void write(Path png) throws IOException {
        graphics.dispose();
        ImageIO.write(image, "png", png.toFile());
    }
}
