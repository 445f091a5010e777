package dev.longhand.bench.kit;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the raw page of ncu in CSV: a line of names, a line of units, a line for each launch. */
final class NcuTable {
    /** The file that the step writes. */
    static final String FILE = "ncu.csv";

    private static final String FIRST_COLUMN = "\"ID\"";
    private static final String KERNEL = "Kernel Name";

    private NcuTable() {}

    /** Returns one result for each kernel: the number of launches and the mean of each metric. */
    static List<BenchResult> read(List<String> lines) {
        int head = 0;
        while (head < lines.size() && !lines.get(head).startsWith(FIRST_COLUMN)) {
            head++;
        }
        if (head + 2 >= lines.size()) {
            return List.of();
        }
        List<String> names = cells(lines.get(head));
        List<String> units = cells(lines.get(head + 1));
        int kernel = names.indexOf(KERNEL);
        Map<String, List<List<String>>> launches = new LinkedHashMap<>();
        for (String line : lines.subList(head + 2, lines.size())) {
            List<String> cells = cells(line);
            if (cells.size() == names.size()) {
                launches.computeIfAbsent(cells.get(kernel), any -> new ArrayList<>()).add(cells);
            }
        }
        List<BenchResult> results = new ArrayList<>();
        launches.forEach((name, rows) -> results.add(result(name, rows, names, units)));
        return results;
    }

    private static BenchResult result(
            String kernel, List<List<String>> rows, List<String> names, List<String> units) {
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        for (int column = 0; column < names.size(); column++) {
            if (names.get(column).contains("__")) {
                int at = column;
                double mean =
                        rows.stream().mapToDouble(row -> number(row.get(at))).average().orElse(0);
                metrics.put(new Metric(names.get(column), units.get(column)), mean);
            }
        }
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("kernel", kernel);
        parameters.put("launches", Integer.toString(rows.size()));
        return new BenchResult("Profile by ncu", parameters, metrics, Map.of());
    }

    private static double number(String cell) {
        return Double.parseDouble(cell.replace(",", ""));
    }

    /** Splits a line, all of whose cells are quoted. */
    private static List<String> cells(String line) {
        String inner = line.strip();
        return inner.length() < 2
                ? List.of()
                : List.of(inner.substring(1, inner.length() - 1).split("\",\"", -1));
    }
}
