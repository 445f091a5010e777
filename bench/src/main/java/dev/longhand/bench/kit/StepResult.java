package dev.longhand.bench.kit;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of a step, kept as {@code STEP.json}.
 *
 * @param step the name of the step
 * @param device the name of the device it ran on
 * @param seconds the time that its process took
 * @param note why it failed or was skipped, or what passed
 * @param results the figures that it measured
 */
record StepResult(
        String step,
        String device,
        Status status,
        double seconds,
        String note,
        List<BenchResult> results) {
    /** How a step ended. */
    enum Status {
        PASSED("passed"),
        FAILED("FAILED"),
        SKIPPED("skipped"),
        TIME_LIMIT("TIME LIMIT");

        private final String label;

        Status(String label) {
            this.label = label;
        }

        String label() {
            return label;
        }
    }

    StepResult {
        results = List.copyOf(results);
    }

    /** A step that did not run. */
    static StepResult skipped(KitStep step, KitDevice device, String why) {
        return new StepResult(step.name(), device.label(), Status.SKIPPED, 0, why, List.of());
    }

    /** Whether the step ran and is not all right. */
    boolean bad() {
        return status == Status.FAILED || status == Status.TIME_LIMIT;
    }

    /** The file of a step's result. */
    static Path file(Path folder, String step) {
        return folder.resolve(step + ".json");
    }

    /** Writes the file; it appears when it is complete. */
    void write(Path folder) throws IOException {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("step", step);
        fields.put("device", device);
        fields.put("status", status.name());
        fields.put("seconds", seconds);
        fields.put("note", note);
        List<Object> figures = new ArrayList<>();
        for (BenchResult result : results) {
            Map<String, Double> metrics = new LinkedHashMap<>();
            result.metrics().forEach((metric, value) -> metrics.put(metric.label(), value));
            Map<String, Object> figure = new LinkedHashMap<>();
            figure.put("benchmark", result.benchmark());
            figure.put("parameters", result.parameters());
            figure.put("metrics", metrics);
            figures.add(figure);
        }
        fields.put("results", figures);
        Path partial = folder.resolve(step + ".json.partial");
        Files.writeString(
                partial,
                JsonMapper.builder()
                        .build()
                        .writerWithDefaultPrettyPrinter()
                        .writeValueAsString(fields));
        Files.move(partial, file(folder, step), StandardCopyOption.ATOMIC_MOVE);
    }

    /** Reads a file that {@link #write} has written. */
    static StepResult read(Path file) throws IOException {
        JsonNode fields = new JsonMapper().readTree(Files.readString(file));
        return new StepResult(
                fields.required("step").asString(),
                fields.required("device").asString(),
                Status.valueOf(fields.required("status").asString()),
                fields.required("seconds").asDouble(),
                fields.required("note").asString(),
                fields.required("results").valueStream().map(StepResult::figure).toList());
    }

    /** Reads a result from a line of {@link dev.longhand.bench.report.History}, or of a file. */
    static BenchResult figure(JsonNode line) {
        Map<String, String> parameters = new LinkedHashMap<>();
        line.required("parameters")
                .forEachEntry((name, value) -> parameters.put(name, value.asString()));
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        line.required("metrics")
                .forEachEntry((label, value) -> metrics.put(Metric.of(label), value.asDouble()));
        return new BenchResult(
                line.required("benchmark").asString(), parameters, metrics, Map.of());
    }
}
