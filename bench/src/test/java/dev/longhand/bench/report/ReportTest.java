package dev.longhand.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

import javax.xml.parsers.DocumentBuilderFactory;

/** Fixed figures become the lines, tables and areas that they are. */
class ReportTest {
    private static final Provenance WHERE =
            new Provenance(
                    Instant.parse("2026-11-24T21:00:00Z"), "abc", "A CPU", 2, 1L << 34, "25");

    private static final Metric MS = Metric.of("ms");
    private static final Metric RATE = Metric.of("tokens/s");

    private static final BenchResult FIRST =
            new BenchResult(
                    "Speed",
                    Map.of("model", "a|b"),
                    ordered(12.3456, 12_345.6),
                    Map.of(new Metric("position", ""), List.of(64.0, 128.0)));

    private static final BenchResult SECOND =
            new BenchResult("Speed", Map.of("batch", "8"), Map.of(MS, 0.0123), Map.of());

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
                () -> new BenchResult("x", Map.of(), Map.of(MS, Double.NaN), Map.of()));
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        new BenchResult(
                                "x",
                                Map.of(),
                                Map.of(),
                                Map.of(MS, List.of(1.0), RATE, List.of(1.0, 2.0))));
    }

    @Test
    void ticksAreRound() {
        assertEquals(20, SvgCanvas.step(100));
        assertEquals(5000, SvgCanvas.step(16_896));
        assertEquals(0.5, SvgCanvas.step(3), 1e-12);
        assertEquals("15,000", SvgCanvas.tick(15_000, 5000));
        assertEquals("0.50", SvgCanvas.tick(0.5, 0.05));
        assertEquals("1.5", SvgCanvas.tick(1.5, 0.5));
    }

    @Test
    void labelsOfMetrics() {
        assertEquals("tokens/s", RATE.label());
        assertEquals("TTFT ms", new Metric("TTFT", "ms").label());
        assertEquals("% of bandwidth", new Metric("of bandwidth", "%").label());
        assertEquals("position", new Metric("position", "").label());
    }

    @Test
    void areasOfBarsAreInProportion() throws Exception {
        Path svg = folder.resolve("bars.svg");
        Map<String, Double> parts = new TreeMap<>(Map.of("a", 10.0, "b", 30.0));
        new StackedBarChart("Title", "x", "ms", List.of(new StackedBarChart.Bar("one", parts)))
                .write(svg);
        Element blue = elements(svg, "rect", "fill0").getFirst();
        Element red = elements(svg, "rect", "fill1").getFirst();
        assertEquals(3, area(red) / area(blue), 0.001);
        assertEquals(number(blue, "y"), number(red, "y") + number(red, "height"), 0.01);
    }

    private static double area(Element bar) {
        return number(bar, "width") * number(bar, "height");
    }

    @Test
    void linesRunFromLeftToRightAndUp() throws Exception {
        Path svg = folder.resolve("lines.svg");
        LineChart.Line rising = new LineChart.Line("rising", List.of(1.0, 9.0), List.of(1.0, 9.0));
        LineChart.Line flat = new LineChart.Line("flat", List.of(1.0, 9.0), List.of(1.0, 1.0));
        new LineChart("Title", "x", "y", List.of(rising, flat)).write(svg);
        double[] blue = points(elements(svg, "polyline", "stroke0").getFirst());
        double[] red = points(elements(svg, "polyline", "stroke1").getFirst());
        assertTrue(blue[2] - blue[0] > 500 && blue[1] - blue[3] > 300, "rises over the plot");
        assertTrue(red[2] - red[0] > 500 && red[1] == red[3], "stays flat");
        assertEquals(red[1], blue[1], "begins at a point of the other");
        assertThrows(
                IllegalArgumentException.class,
                () -> new LineChart.Line("x", List.of(1.0), List.of()));
    }

    private static Map<Metric, Double> ordered(double millis, double rate) {
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(MS, millis);
        metrics.put(RATE, rate);
        return metrics;
    }

    /** The elements of exactly this class. */
    private static List<Element> elements(Path svg, String tag, String style) throws Exception {
        NodeList all =
                DocumentBuilderFactory.newInstance()
                        .newDocumentBuilder()
                        .parse(svg.toFile())
                        .getElementsByTagName(tag);
        return IntStream.range(0, all.getLength())
                .mapToObj(i -> (Element) all.item(i))
                .filter(element -> element.getAttribute("class").equals(style))
                .toList();
    }

    private static double number(Element element, String attribute) {
        return Double.parseDouble(element.getAttribute(attribute));
    }

    /** x and y of every point. */
    private static double[] points(Element line) {
        return Arrays.stream(line.getAttribute("points").split("[ ,]"))
                .mapToDouble(Double::parseDouble)
                .toArray();
    }
}
