package dev.longhand.study.chart;

import org.apache.batik.svggen.SVGGraphics2D;
import org.knowm.xchart.internal.chartpart.Chart;
import org.w3c.dom.Document;

import java.awt.Dimension;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;

import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;

/** Writes a chart as a vector image and as pixels. */
final class ChartFile {
    private static final int PIXELS_PER_POINT = 2;

    private ChartFile() {}

    /** Writes {@code NAME.svg} and {@code NAME.png} into a folder. */
    static void write(Chart<?, ?> chart, Path folder, String name) throws IOException {
        writeSvg(chart, folder.resolve(name + ".svg"));
        writePng(chart, folder.resolve(name + ".png"));
    }

    private static void writeSvg(Chart<?, ?> chart, Path file) throws IOException {
        SVGGraphics2D graphics = new SVGGraphics2D(document());
        graphics.setSVGCanvasSize(new Dimension(chart.getWidth(), chart.getHeight()));
        chart.paint(graphics, chart.getWidth(), chart.getHeight());
        try (Writer writer = Files.newBufferedWriter(file)) {
            graphics.stream(writer, true);
        }
    }

    private static Document document() {
        try {
            return DocumentBuilderFactory.newDefaultInstance()
                    .newDocumentBuilder()
                    .getDOMImplementation()
                    .createDocument("http://www.w3.org/2000/svg", "svg", null);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("every JDK makes documents", e);
        }
    }

    private static void writePng(Chart<?, ?> chart, Path file) throws IOException {
        BufferedImage image =
                new BufferedImage(
                        chart.getWidth() * PIXELS_PER_POINT,
                        chart.getHeight() * PIXELS_PER_POINT,
                        BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.scale(PIXELS_PER_POINT, PIXELS_PER_POINT);
        chart.paint(graphics, chart.getWidth(), chart.getHeight());
        graphics.dispose();
        ImageIO.write(image, "png", file.toFile());
    }
}
