package dev.longhand.bench.report;

import tools.jackson.databind.json.JsonMapper;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/** A file with one JSON object per line, one line per result; results are only appended. */
public final class History {
    private final Path file;

    /** Creates a history; its first result creates the file. */
    public History(Path file) {
        this.file = file;
    }

    /** Adds a result. */
    public void append(Provenance provenance, BenchResult result) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("time", provenance.time().toString());
        line.put("commit", provenance.commit());
        Map<String, Object> machine = new LinkedHashMap<>();
        machine.put("cpu", provenance.cpu());
        machine.put("processors", provenance.processors());
        machine.put("memoryBytes", provenance.memoryBytes());
        machine.put("java", provenance.java());
        line.put("machine", machine);
        line.put("benchmark", result.benchmark());
        line.put("parameters", result.parameters());
        line.put("metrics", labelled(result.metrics()));
        line.put("series", labelled(result.series()));
        Files.write(
                file,
                (new JsonMapper().writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8),
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    private static <V> Map<String, V> labelled(Map<Metric, V> metrics) {
        Map<String, V> byLabel = new LinkedHashMap<>();
        metrics.forEach((metric, value) -> byLabel.put(metric.label(), value));
        return byLabel;
    }
}
