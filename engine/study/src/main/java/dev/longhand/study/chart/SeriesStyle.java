package dev.longhand.study.chart;

import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.List;

/**
 * How the series of a chart are told apart: by marker and dashes, so that grey suffices, and by a
 * colour of Okabe and Ito's palette, which the colour-blind distinguish.
 *
 * @param colour the colour of lines and markers
 * @param marker the shape of the markers
 * @param dashes lengths of strokes and gaps; empty draws through
 */
record SeriesStyle(Color colour, Marker marker, List<Float> dashes) {
    private static final float WIDTH = 2.5f;
    private static final List<Float> OWN = List.of(3f, 5f);

    private static final SeriesStyle[] ALL = {
        new SeriesStyle(Color.BLACK, SeriesMarkers.CIRCLE, List.of()),
        new SeriesStyle(new Color(0x0072B2), SeriesMarkers.SQUARE, List.of(12f, 4f)),
        new SeriesStyle(new Color(0xD55E00), SeriesMarkers.TRIANGLE_UP, List.of(18f, 5f, 4f, 5f)),
        new SeriesStyle(new Color(0x009E73), SeriesMarkers.DIAMOND, List.of(7f, 4f)),
        new SeriesStyle(new Color(0xE69F00), SeriesMarkers.TRIANGLE_DOWN, List.of(22f, 6f)),
        new SeriesStyle(new Color(0x56B4E9), SeriesMarkers.CROSS, List.of(12f, 4f, 4f, 4f, 4f, 4f))
    };

    /** The style of a series by its index. */
    static SeriesStyle of(int index) {
        return ALL[index % ALL.length];
    }

    /** The line of the study's values. */
    BasicStroke line() {
        return stroke(dashes, WIDTH);
    }

    /** The line of one's own values, thinner and dotted. */
    BasicStroke ownLine() {
        return stroke(OWN, WIDTH - 1);
    }

    private static BasicStroke stroke(List<Float> dashes, float width) {
        float[] lengths = new float[dashes.size()];
        for (int i = 0; i < lengths.length; i++) {
            lengths[i] = dashes.get(i);
        }
        return lengths.length == 0
                ? new BasicStroke(width)
                : new BasicStroke(
                        width, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, lengths, 0);
    }

    /** Sets what all charts share: black on white, a light grid, the legend at the right. */
    static void applyTo(AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE)
                .setPlotBackgroundColor(Color.WHITE)
                .setPlotBorderVisible(false)
                .setLegendPosition(Styler.LegendPosition.OutsideE)
                .setLegendBorderColor(Color.WHITE)
                .setLegendSeriesLineLength(48)
                .setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 14))
                .setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 16));
        styler.setPlotGridLinesColor(new Color(0xDDDDDD))
                .setPlotGridLinesStroke(new BasicStroke(1))
                .setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 15))
                .setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 13))
                .setMarkerSize(10);
    }
}
