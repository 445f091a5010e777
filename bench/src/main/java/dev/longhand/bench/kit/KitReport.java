package dev.longhand.bench.kit;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Markdown;
import dev.longhand.bench.report.Metric;
import dev.longhand.bench.report.Provenance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The report of the kit: the device, a table of steps, and the tables of their figures. */
final class KitReport {
    private static final Metric SECONDS = Metric.of("s");

    private KitReport() {}

    /** The file of the report in a folder of results. */
    static Path file(Path folder) {
        return folder.resolve("report.md");
    }

    /** Writes the report of the results in a folder. */
    static void write(Path folder, KitDevice device) throws IOException {
        Files.writeString(file(folder), text(device, read(folder), Provenance.here("")));
    }

    /** Returns the results in a folder, in the order of the steps. */
    static List<StepResult> read(Path folder) throws IOException {
        List<StepResult> results = new ArrayList<>();
        for (KitStep step : KitSteps.all()) {
            Path file = StepResult.file(folder, step.name());
            if (Files.exists(file)) {
                results.add(StepResult.read(file));
            }
        }
        return results;
    }

    /** Returns the report as Markdown. */
    static String text(KitDevice device, List<StepResult> results, Provenance provenance) {
        String title =
                device == KitDevice.PTX
                        ? "GPU kit without a GPU: the PTX device stood in, its times mean nothing"
                        : "GPU kit on " + name(results);
        Markdown report = new Markdown(title, provenance);
        report.paragraph(
                "Every figure was measured in this run, except columns marked (computed). The"
                        + " output of a step is in STEP.log, its figures are in STEP.json.");
        report.results(results.stream().map(KitReport::row).toList());
        Map<String, List<BenchResult>> figures = new LinkedHashMap<>();
        results.forEach(result -> figures.put(result.step(), result.results()));
        figures.forEach(
                (step, all) -> report.results(all.stream().map(each -> of(step, each)).toList()));
        return report.text();
    }

    private static String name(List<StepResult> results) {
        return results.stream()
                .filter(result -> result.step().equals(KitSteps.DEVICE.name()))
                .flatMap(result -> result.results().stream())
                .map(figure -> figure.parameters().getOrDefault("name", "an unnamed GPU"))
                .findFirst()
                .orElse("no device");
    }

    private static BenchResult row(StepResult result) {
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("step", result.step());
        parameters.put("result", result.status().label());
        parameters.put("note", result.note());
        Map<Metric, Double> metrics =
                result.seconds() > 0 ? Map.of(SECONDS, result.seconds()) : Map.of();
        return new BenchResult("Steps of this run", parameters, metrics, Map.of());
    }

    /** Puts the step's name before the name of a figure's table. */
    private static BenchResult of(String step, BenchResult figure) {
        return new BenchResult(
                step + ": " + figure.benchmark(),
                figure.parameters(),
                figure.metrics(),
                figure.series());
    }
}
