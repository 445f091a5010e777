package dev.longhand.bench.peers;

import dev.longhand.bench.report.LineChart;
import dev.longhand.engine.error.InputException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Draws the decode times of both engines against the context, from a file of measurements. */
@Command(
        name = "peer-chart",
        mixinStandardHelpOptions = true,
        description = "Draws decode times of Longhand and llama.cpp against the context, as SVG.")
public final class PeerChart implements Runnable {
    @Parameters(index = "0", paramLabel = "CSV", description = "As 'peers --csv' writes it.")
    private Path csv = Path.of("");

    @Option(names = "--out", required = true, paramLabel = "SVG", description = "The chart.")
    private Path out = Path.of("");

    @Option(
            names = "--shape",
            defaultValue = "0.5b",
            description = "Model of the chart. Default: ${DEFAULT-VALUE}.")
    private String shape = "";

    @Option(
            names = "--weights",
            defaultValue = "int4",
            description = "Weights of the chart. Default: ${DEFAULT-VALUE}.")
    private String weights = "";

    @Override
    public void run() {
        List<PeerCell> cells =
                PeerTable.read(csv).cells().stream()
                        .filter(cell -> cell.phase() == PeerCell.Phase.DECODE)
                        .filter(cell -> cell.model().equals(shape))
                        .filter(cell -> cell.weights().equals(weights))
                        .toList();
        if (cells.isEmpty()) {
            throw new InputException(
                    "%s has no decode times of %s in %s".formatted(csv, shape, weights));
        }
        List<Double> contexts = cells.stream().map(cell -> (double) cell.tokens()).toList();
        LineChart.Line theirs =
                new LineChart.Line(
                        "llama.cpp " + cells.getFirst().peer(),
                        contexts,
                        cells.stream().map(PeerCell::llamaCpp).toList());
        LineChart.Line ours =
                new LineChart.Line(
                        "Longhand " + weights,
                        contexts,
                        cells.stream().map(PeerCell::longhand).toList());
        try {
            new LineChart(
                            "Decode time, Qwen2.5 shape %s, CPU (lower is better)".formatted(shape),
                            "tokens of context",
                            PeerCell.Phase.DECODE.metric().label(),
                            List.of(ours, theirs))
                    .write(out);
        } catch (IOException e) {
            throw new InputException(out + ": cannot be written (" + e.getMessage() + ")", e);
        }
    }
}
