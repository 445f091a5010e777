package dev.longhand.study.result;

import dev.longhand.batch.JsonLine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.DurableFiles;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The index of a folder with the results of a study, {@value #FILE}: {@code {"study", "made",
 * "report", "tables", "charts", "runs"}}.
 *
 * @param study the name of the study
 * @param made how it was made, for example its command and commit
 * @param report the file with the report's text; empty if there is none
 * @param tables the file with the tables, as {@code tables --format json} writes it; empty if there
 *     is none
 * @param charts the files of the charts, SVG
 * @param runs what was generated and scored
 */
public record StudyResults(
        String study,
        ObjectNode made,
        String report,
        String tables,
        List<String> charts,
        List<ScoredRun> runs) {
    /** The name of the index in its folder. */
    public static final String FILE = "study.json";

    public StudyResults {
        charts = List.copyOf(charts);
        runs = List.copyOf(runs);
    }

    /**
     * Reads the index of a folder.
     *
     * @throws InputException if it is missing or invalid
     */
    public static StudyResults read(Path folder) {
        Path file = folder.resolve(FILE);
        byte[] bytes;
        try {
            bytes = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new InputException(folder + ": has no readable " + FILE, e);
        }
        JsonLine json = JsonLine.parse(file.toString(), bytes);
        return new StudyResults(
                json.string("study", ""),
                json.object("made"),
                json.string("report", ""),
                json.string("tables", ""),
                json.strings("charts"),
                json.list("runs").stream().map(each -> ScoredRun.of(run(json, each))).toList());
    }

    private static JsonLine run(JsonLine index, JsonNode run) {
        if (!(run instanceof ObjectNode object)) {
            throw index.refuse("runs", "must be a list of objects");
        }
        return new JsonLine(index.source() + ": runs", object);
    }

    /** Writes the index into a folder, in one piece. */
    public void write(Path folder) throws IOException {
        DurableFiles.replace(folder.resolve(FILE), json().toPrettyString() + "\n");
    }

    /** Returns the object. */
    public ObjectNode json() {
        ObjectNode json = JsonLine.newObject();
        json.put("study", study);
        json.set("made", made);
        json.put("report", report);
        json.put("tables", tables);
        charts.forEach(json.putArray("charts")::add);
        ArrayNode list = json.putArray("runs");
        runs.forEach(run -> list.add(run.json()));
        return json;
    }

    /**
     * Returns the run of a row.
     *
     * @throws InputException if there is none
     */
    public ScoredRun run(String row) {
        return runs.stream()
                .filter(each -> each.row().equals(row))
                .findFirst()
                .orElseThrow(() -> new InputException("the results have no such row"));
    }
}
