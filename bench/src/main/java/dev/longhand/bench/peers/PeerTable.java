package dev.longhand.bench.peers;

import dev.longhand.bench.report.Markdown;
import dev.longhand.engine.error.InputException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedSet;

/**
 * The measurements of one sitting, kept as CSV with their conditions in comment lines.
 *
 * @param conditions machine, date, commits and command; lines without {@code #}
 * @param cells the measurements, in the order in which they were made
 */
record PeerTable(List<String> conditions, List<PeerCell> cells) {
    private static final String COLUMNS = "model,weights,peer,phase,tokens,llama.cpp,longhand";
    private static final int COLUMN_COUNT = 7;

    PeerTable {
        conditions = List.copyOf(conditions);
        cells = List.copyOf(cells);
    }

    /**
     * Reads a CSV file.
     *
     * @throws InputException if the file cannot be read or has another format
     */
    static PeerTable read(Path csv) {
        List<String> conditions = new ArrayList<>();
        List<PeerCell> cells = new ArrayList<>();
        try {
            for (String line : Files.readAllLines(csv)) {
                if (line.startsWith("#")) {
                    conditions.add(line.substring(1).strip());
                } else if (!line.equals(COLUMNS) && !line.isBlank()) {
                    cells.add(cell(csv, line.split(",", -1)));
                }
            }
        } catch (IOException e) {
            throw new InputException(csv + ": cannot be read (" + e.getMessage() + ")", e);
        }
        return new PeerTable(conditions, cells);
    }

    private static PeerCell cell(Path csv, String[] fields) {
        try {
            if (fields.length != COLUMN_COUNT) {
                throw new IllegalArgumentException("columns are " + COLUMNS);
            }
            return new PeerCell(
                    fields[0],
                    fields[1],
                    fields[2],
                    PeerCell.Phase.valueOf(fields[3].toUpperCase(Locale.ROOT)),
                    Integer.parseInt(fields[4]),
                    Double.parseDouble(fields[5]),
                    Double.parseDouble(fields[6]));
        } catch (IllegalArgumentException e) {
            throw new InputException(
                    "%s: '%s' is not a measurement (%s)"
                            .formatted(csv, String.join(",", fields), e.getMessage()),
                    e);
        }
    }

    /** Writes the CSV file. */
    void write(Path csv) throws IOException {
        List<String> lines = new ArrayList<>();
        conditions.forEach(condition -> lines.add("# " + condition));
        lines.add(COLUMNS);
        for (PeerCell cell : cells) {
            lines.add(
                    String.join(
                            ",",
                            cell.model(),
                            cell.weights(),
                            cell.peer(),
                            cell.phase().name().toLowerCase(Locale.ROOT),
                            Integer.toString(cell.tokens()),
                            Markdown.threeDigits(cell.llamaCpp()),
                            Markdown.threeDigits(cell.longhand())));
        }
        Files.write(csv, lines);
    }

    /** Returns a Markdown table: llama.cpp's value, Longhand's value and the speedup. */
    String markdown() {
        SequencedSet<String> columns = new LinkedHashSet<>();
        Map<String, Map<String, String>> rows = new LinkedHashMap<>();
        for (PeerCell cell : cells) {
            columns.add(cell.column());
            rows.computeIfAbsent(cell.row(), any -> new LinkedHashMap<>())
                    .put(
                            cell.column(),
                            "%s, %s: **%sx**"
                                    .formatted(
                                            Markdown.threeDigits(cell.llamaCpp()),
                                            Markdown.threeDigits(cell.longhand()),
                                            String.format(Locale.ROOT, "%.2f", cell.speedup())));
        }
        StringBuilder text = new StringBuilder();
        text.append("| | ").append(String.join(" | ", columns)).append(" |\n");
        text.append("| --- ".repeat(columns.size() + 1)).append("|\n");
        rows.forEach(
                (row, cellOf) -> {
                    text.append("| ").append(row);
                    columns.forEach(c -> text.append(" | ").append(cellOf.getOrDefault(c, "")));
                    text.append(" |\n");
                });
        return text.toString();
    }
}
