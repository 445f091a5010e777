package dev.longhand.study.table;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.format.Summary;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Formats tables as Markdown, CSV and JSON. */
public final class TableText {
    private static final String LEGEND =
            "A cell with a run of your own is: published → own (difference, and whether the"
                    + " published value is inside or outside the 95 % interval of your own).\n\n";

    private final List<StudyTable> tables;
    private final OwnRuns runs;

    /** Takes the tables, filled with the values of the runs. */
    public TableText(List<StudyTable> tables, OwnRuns runs) {
        this.tables = List.copyOf(tables);
        this.runs = runs;
    }

    /** Formats Markdown. */
    public String markdown() {
        StringBuilder text = new StringBuilder();
        if (!runs.names().isEmpty()) {
            text.append(LEGEND);
        }
        tables.forEach(each -> append(text, each));
        appendRuns(text);
        return text.toString();
    }

    private static void append(StringBuilder text, StudyTable table) {
        text.append("**Table %d.** %s.\n\n".formatted(table.number(), table.title()));
        List<String> head = new ArrayList<>(table.labels());
        head.addAll(table.columns());
        line(text, head);
        line(text, head.stream().map(each -> "---").toList());
        for (StudyTable.Row row : table.rows()) {
            List<String> cells = new ArrayList<>(row.labels());
            row.cells().forEach(each -> cells.add(text(each)));
            line(text, cells);
        }
        text.append('\n');
        table.notes().forEach(each -> text.append("- Note: ").append(each).append('\n'));
        text.append('\n');
    }

    private static void line(StringBuilder text, List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    private static String text(Cell cell) {
        String published = number(cell.metric(), cell.published());
        if (cell.own() == null) {
            return published;
        }
        Double difference = cell.difference();
        String compared =
                difference == null
                        ? ""
                        : " (%s%s)"
                                .formatted(
                                        cell.metric().formatDifference(difference),
                                        cell.verdict().isEmpty() ? "" : ", " + cell.verdict());
        return "%s → %s%s".formatted(published, cell.metric().format(cell.own()), compared);
    }

    private static String number(Metric metric, @Nullable Double value) {
        return value == null ? "–" : metric.format(value);
    }

    private void appendRuns(StringBuilder text) {
        if (runs.names().isEmpty()) {
            return;
        }
        text.append("**Your own runs.**\n\n");
        line(
                text,
                List.of("run", "benchmark", "n", "accuracy", "Wilson 95 %", "tokens", "keywords"));
        line(text, List.of("---", "---", "---", "---", "---", "---", "---"));
        for (String run : runs.names()) {
            for (Map.Entry<String, Summary> each : runs.benchmarks(run).entrySet()) {
                Summary summary = each.getValue();
                line(
                        text,
                        List.of(
                                run,
                                summary.benchmark().isEmpty() ? "all" : summary.benchmark(),
                                Integer.toString(summary.samples()),
                                number(Metric.ACCURACY, Metric.ACCURACY.of(summary)),
                                text(OwnRuns.interval(summary)),
                                number(Metric.TOKENS, summary.tokensMean()),
                                number(Metric.KEYWORDS, summary.keywordsMean())));
            }
        }
        text.append('\n');
    }

    private static String text(@Nullable Interval interval) {
        return interval == null
                ? "–"
                : String.format(Locale.ROOT, "%.1f to %.1f", interval.low(), interval.high());
    }

    /** Formats CSV, a line for each cell. */
    public String csv() {
        StringBuilder text =
                new StringBuilder(
                        "table,row,column,run,benchmark,metric,published,own,low,high,difference,verdict\n");
        for (StudyTable table : tables) {
            for (StudyTable.Row row : table.rows()) {
                for (int i = 0; i < row.cells().size(); i++) {
                    Cell cell = row.cells().get(i);
                    Interval interval = cell.interval();
                    text.append(
                            List.of(
                                            Integer.toString(table.number()),
                                            String.join(" / ", row.labels()),
                                            table.columns().get(i),
                                            cell.run(),
                                            cell.benchmark(),
                                            cell.metric().jsonName(),
                                            plain(cell.published()),
                                            plain(cell.own()),
                                            plain(interval == null ? null : interval.low()),
                                            plain(interval == null ? null : interval.high()),
                                            plain(cell.difference()),
                                            cell.verdict())
                                    .stream()
                                    .map(TableText::quoted)
                                    .collect(Collectors.joining(",", "", "\n")));
                }
            }
        }
        return text.toString();
    }

    private static String plain(@Nullable Double value) {
        return value == null
                ? ""
                : String.format(Locale.ROOT, "%.4f", value).replaceAll("\\.?0+$", "");
    }

    private static String quoted(String field) {
        return field.contains(",") || field.contains("\"")
                ? '"' + field.replace("\"", "\"\"") + '"'
                : field;
    }

    /** Formats a JSON object with all tables. */
    public String json() {
        ObjectNode json = JsonLine.newObject();
        ArrayNode list = json.putArray("tables");
        for (StudyTable table : tables) {
            ObjectNode each = list.addObject();
            each.put("number", table.number());
            each.put("title", table.title());
            table.notes().forEach(each.putArray("notes")::add);
            ArrayNode rows = each.putArray("rows");
            for (StudyTable.Row row : table.rows()) {
                ObjectNode line = rows.addObject();
                row.labels().forEach(line.putArray("labels")::add);
                ArrayNode cells = line.putArray("cells");
                for (int i = 0; i < row.cells().size(); i++) {
                    put(cells.addObject(), table.columns().get(i), row.cells().get(i));
                }
            }
        }
        return json.toPrettyString() + "\n";
    }

    private static void put(ObjectNode json, String column, Cell cell) {
        json.put("column", column);
        json.put("run", cell.run());
        json.put("benchmark", cell.benchmark());
        json.put("metric", cell.metric().jsonName());
        json.put("published", cell.published());
        json.put("own", cell.own());
        Interval interval = cell.interval();
        if (interval != null) {
            json.putArray("wilson95").add(interval.low()).add(interval.high());
        }
        json.put("difference", cell.difference());
        if (!cell.verdict().isEmpty()) {
            json.put("published_is", cell.verdict());
        }
    }
}
