package dev.longhand.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import javax.imageio.ImageIO;

/** Fixed figures become the lines, tables and areas that they are. */
class ReportTest {
    private static final Provenance WHERE =
            new Provenance(
                    Instant.parse("2026-11-24T21:00:00Z"), "abc", "A CPU", 2, 1L << 34, "25");

    private static final BenchResult FIRST =
            new BenchResult(
                    "Speed",
                    Map.of("model", "a|b"),
                    new TreeMap<>(Map.of("ms", 12.3456, "tokens/s", 12_345.6)),
                    Map.of("position", List.of(64.0, 128.0)));

    private static final BenchResult SECOND =
            new BenchResult("Speed", Map.of("batch", "8"), Map.of("ms", 0.0123), Map.of());

    /** The first two colours of a chart. */
    private static final int BLUE = 0xFF0072B2;

    private static final int RED = 0xFFD55E00;

    @TempDir private Path folder;

    @Test
    void historyGrowsByOneLinePerResult() throws IOException {
        Path file = folder.resolve("history.jsonl");
        new History(file).append(WHERE, FIRST);
        new History(file).append(WHERE, SECOND);
        List<String> lines = Files.readAllLines(file);
        assertEquals(2, lines.size());
        JsonNode first = new JsonMapper().readTree(lines.getFirst());
        assertEquals("2026-11-24T21:00:00Z", first.get("time").asString());
        assertEquals("abc", first.get("commit").asString());
        assertEquals("A CPU", first.get("machine").get("cpu").asString());
        assertEquals(2, first.get("machine").get("processors").asInt());
        assertEquals("Speed", first.get("benchmark").asString());
        assertEquals("a|b", first.get("parameters").get("model").asString());
        assertEquals(12.3456, first.get("metrics").get("ms").asDouble());
        assertEquals(128, first.get("series").get("position").get(1).asDouble());
    }

    @Test
    void markdownHasAColumnForEveryName() {
        String text =
                new Markdown("Title", WHERE)
                        .picture("A chart", "a.png")
                        .results(List.of(FIRST, SECOND))
                        .text();
        assertEquals(
                """
                # Title

                2026-11-24T21:00:00Z, commit abc, A CPU, 2 processors, 16.0 GiB, Java 25

                ![A chart](a.png)

                ## Speed

                | model | batch | ms | tokens/s |
                | --- | --- | ---: | ---: |
                | a\\|b |  | 12.35 | 12,346 |
                |  | 8 | 0.012 |  |
                """,
                text);
    }

    @Test
    void whatIsNoFigureIsRefused() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new BenchResult("x", Map.of(), Map.of("ms", Double.NaN), Map.of()));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new BenchResult(
                                "x",
                                Map.of(),
                                Map.of(),
                                Map.of("a", List.of(1.0), "b", List.of(1.0, 2.0))));
    }

    @Test
    void ticksAreRound() {
        assertEquals(20, Canvas.step(100));
        assertEquals(5000, Canvas.step(16_896));
        assertEquals(0.5, Canvas.step(3), 1e-12);
        assertEquals("15,000", Canvas.tick(15_000, 5000));
        assertEquals("0.50", Canvas.tick(0.5, 0.05));
        assertEquals("1.5", Canvas.tick(1.5, 0.5));
    }

    @Test
    void areasOfBarsAreInProportion() throws IOException {
        Path png = folder.resolve("bars.png");
        Map<String, Double> parts = new TreeMap<>(Map.of("a", 10.0, "b", 30.0));
        new StackedBarChart("Title", "x", "ms", List.of(new StackedBarChart.Bar("one", parts)))
                .write(png);
        BufferedImage image = ImageIO.read(png.toFile());
        int legend = 14 * 14;
        double ratio = (double) (count(image, RED) - legend) / (count(image, BLUE) - legend);
        assertEquals(3, ratio, 0.1);
    }

    @Test
    void linesRunFromLeftToRightAndUp() throws IOException {
        Path png = folder.resolve("lines.png");
        LineChart.Line rising = new LineChart.Line("rising", List.of(1.0, 9.0), List.of(1.0, 9.0));
        LineChart.Line flat = new LineChart.Line("flat", List.of(1.0, 9.0), List.of(1.0, 1.0));
        new LineChart("Title", "x", "y", List.of(rising, flat)).write(png);
        BufferedImage image = ImageIO.read(png.toFile());
        int plot = 800; // right of it is the legend
        int[] blue = box(image, BLUE, plot);
        int[] red = box(image, RED, plot);
        assertTrue(blue[2] - blue[0] > 500 && blue[3] - blue[1] > 300, "rises over the plot");
        assertTrue(red[2] - red[0] > 500 && red[3] - red[1] < 20, "stays flat");
        assertTrue(Math.abs(blue[3] - red[3]) <= 8, "begins under a dot of the other");
        assertThrows(
                IllegalArgumentException.class,
                () -> new LineChart.Line("x", List.of(1.0), List.of()));
    }

    private static int count(BufferedImage image, int color) {
        int count = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                count += image.getRGB(x, y) == color ? 1 : 0;
            }
        }
        return count;
    }

    /** Left, top, right and bottom of a colour. */
    private static int[] box(BufferedImage image, int color, int right) {
        int[] box = {Integer.MAX_VALUE, Integer.MAX_VALUE, -1, -1};
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < right; x++) {
                if (image.getRGB(x, y) == color) {
                    box[0] = Math.min(box[0], x);
                    box[1] = Math.min(box[1], y);
                    box[2] = Math.max(box[2], x);
                    box[3] = Math.max(box[3], y);
                }
            }
        }
        return box;
    }
}
