package dev.longhand.study.table;

import dev.longhand.batch.JsonLine;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A table of the study.
 *
 * @param number its number in the study
 * @param title what it shows
 * @param labels the names of the columns that name a row
 * @param columns the names of the columns with values
 * @param rows the rows
 * @param notes what a reader must know, such as contradictions in the study
 */
public record StudyTable(
        int number,
        String title,
        List<String> labels,
        List<String> columns,
        List<Row> rows,
        List<String> notes) {
    /** An average that was printed may differ this much from that of the printed columns. */
    private static final double AVERAGE_ROUNDING = 0.06;

    /**
     * A row.
     *
     * @param labels its names, one for each of the table's labels
     * @param cells its values, one for each column
     */
    public record Row(List<String> labels, List<Cell> cells) {
        public Row {
            labels = List.copyOf(labels);
            cells = List.copyOf(cells);
        }
    }

    public StudyTable {
        labels = List.copyOf(labels);
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
        notes = List.copyOf(notes);
    }

    /** Returns the study's tables 1 to 7 with its published numbers. */
    public static List<StudyTable> published() {
        JsonLine file;
        try (InputStream in = StudyTable.class.getResourceAsStream("published.json")) {
            file = JsonLine.parse("published.json", Objects.requireNonNull(in).readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("published.json cannot be read", e);
        }
        return file.list("tables").stream().map(StudyTable::of).toList();
    }

    private static StudyTable of(JsonNode table) {
        List<Row> rows = new ArrayList<>();
        for (JsonNode row : table.path("rows")) {
            List<Cell> cells = new ArrayList<>();
            for (int i = 0; i < table.path("columns").size(); i++) {
                cells.add(cell(row, table.path("columns").path(i), row.path("values").path(i)));
            }
            rows.add(new Row(strings(row.path("labels")), cells));
        }
        List<String> notes = new ArrayList<>(strings(table.path("notes")));
        rows.forEach(row -> noteWrongAverage(row, notes));
        return new StudyTable(
                table.path("number").asInt(),
                table.path("title").asString(),
                strings(table.path("labels")),
                table.path("columns").valueStream().map(x -> x.path("name").asString()).toList(),
                rows,
                notes);
    }

    /** A cell has its run, benchmark and metric from its row or from its column. */
    private static Cell cell(JsonNode row, JsonNode column, JsonNode value) {
        return new Cell(
                either(row, column, "run"),
                either(row, column, "benchmark"),
                Metric.of(either(row, column, "metric")),
                value.isNumber() ? (Double) value.doubleValue() : null,
                null,
                null);
    }

    private static String either(JsonNode row, JsonNode column, String key) {
        return row.path(key).asString(column.path(key).asString(""));
    }

    private static List<String> strings(JsonNode list) {
        return list.valueStream().map(JsonNode::asString).toList();
    }

    private static void noteWrongAverage(Row row, List<String> notes) {
        for (Cell cell : row.cells) {
            Double average = average(row, true);
            if (cell.metric() == Metric.AVERAGE
                    && cell.published() != null
                    && average != null
                    && Math.abs(cell.published() - average) > AVERAGE_ROUNDING) {
                notes.add(
                        "The average of the row %s is printed as %s, and its columns have the average %.2f."
                                .formatted(
                                        row.labels.getFirst(),
                                        Metric.AVERAGE.format(cell.published()),
                                        average));
            }
        }
    }

    /** The mean of a row's accuracies; null if one is missing. */
    static @Nullable Double average(Row row, boolean published) {
        double sum = 0;
        int count = 0;
        for (Cell cell : row.cells) {
            if (cell.metric() == Metric.ACCURACY) {
                Double value = published ? cell.published() : cell.own();
                if (value == null) {
                    return null;
                }
                sum += value;
                count++;
            }
        }
        return count == 0 ? null : (Double) (sum / count);
    }

    /** Returns the table with the values of one's own runs. */
    public StudyTable with(OwnRuns runs) {
        return new StudyTable(
                number, title, labels, columns, rows.stream().map(runs::fill).toList(), notes);
    }

    /** Whether a cell has a value of one's own. */
    public boolean hasOwn() {
        return rows.stream().flatMap(row -> row.cells.stream()).anyMatch(x -> x.own() != null);
    }
}
