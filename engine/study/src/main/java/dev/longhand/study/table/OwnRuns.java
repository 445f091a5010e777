package dev.longhand.study.table;

import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Summary;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The summaries of one's own runs, by run and benchmark. */
public final class OwnRuns {
    private static final Map<String, String> ALIASES =
            Map.of(
                    "olympiad", "olympiadbench",
                    "lcb", "livecodebench",
                    "arc", "arcc",
                    "arcchallenge", "arcc",
                    "ieval", "ifeval");

    private final Map<String, Map<String, Summary>> runs = new LinkedHashMap<>();

    /** Creates an empty collection. */
    public OwnRuns() {}

    /** The name of a benchmark without case, punctuation and abbreviation. */
    static String key(String benchmark) {
        String letters = benchmark.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]", "");
        return ALIASES.getOrDefault(letters, letters);
    }

    /**
     * Adds a file of {@code score}: a summary a line, of one benchmark or of several.
     *
     * @param run the run's name in the tables, such as digits-50; other names make further rows
     * @throws InputException if it is no summary, or a benchmark of the run is there already
     */
    public void add(String run, Path file) {
        List<Summary> parts = JsonLines.readAll(file, Summary::of);
        if (parts.isEmpty()) {
            throw new InputException(file + ": has no summary");
        }
        if (parts.size() > 1) {
            parts.removeIf(each -> each.benchmark().isEmpty()); // that of all benchmarks together
        }
        Map<String, Summary> known = runs.computeIfAbsent(run, key -> new LinkedHashMap<>());
        for (Summary each : parts) {
            if (known.put(key(each.benchmark()), each) != null) {
                throw new InputException(
                        "%s: the run %s has a summary of %s already"
                                .formatted(file, run, each.benchmark()));
            }
        }
    }

    /** The runs' names, in the order in which they were added. */
    public List<String> names() {
        return List.copyOf(runs.keySet());
    }

    /** The summaries of a run by benchmark; empty if it is unknown. */
    public Map<String, Summary> benchmarks(String run) {
        return Collections.unmodifiableMap(runs.getOrDefault(run, Map.of()));
    }

    StudyTable.Row fill(StudyTable.Row row) {
        StudyTable.Row filled =
                new StudyTable.Row(row.labels(), row.cells().stream().map(this::fill).toList());
        Double average = StudyTable.average(filled, false);
        return average == null
                ? filled
                : new StudyTable.Row(
                        row.labels(),
                        filled.cells().stream()
                                .map(
                                        each ->
                                                each.metric() == Metric.AVERAGE
                                                        ? each.withOwn(
                                                                average, around(average, filled))
                                                        : each)
                                .toList());
    }

    private Cell fill(Cell cell) {
        Summary summary = benchmarks(cell.run()).get(key(cell.benchmark()));
        return summary == null
                ? cell
                : cell.withOwn(
                        cell.metric().of(summary),
                        cell.metric() == Metric.ACCURACY ? interval(summary) : null);
    }

    /** Wilson's interval of a summary; null if it has no samples. */
    static @Nullable Interval interval(Summary summary) {
        return summary.samples() == 0
                ? null
                : Interval.wilson(summary.correct(), summary.samples());
    }

    /** The interval of a mean of independent accuracies, from the half widths of theirs. */
    private static @Nullable Interval around(double average, StudyTable.Row row) {
        double squares = 0;
        int count = 0;
        for (Cell cell : row.cells()) {
            Interval interval = cell.interval();
            if (interval != null) {
                double half = (interval.high() - interval.low()) / 2;
                squares += half * half;
                count++;
            }
        }
        double half = Math.sqrt(squares) / Math.max(1, count);
        return new Interval(average - half, average + half);
    }

    /**
     * The average accuracy of a run over the study's four mathematical benchmarks; null if unknown.
     */
    public @Nullable Double mathAverage(String run) {
        double sum = 0;
        for (String each : List.of("math500", "aime24", "amc23", "olympiadbench")) {
            Summary summary = benchmarks(run).get(each);
            if (summary == null) {
                return null;
            }
            sum += summary.accuracy();
        }
        return sum / 4;
    }
}
