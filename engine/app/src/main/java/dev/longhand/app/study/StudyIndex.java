package dev.longhand.app.study;

import dev.longhand.batch.JsonLine;
import dev.longhand.study.pipeline.Stage;
import dev.longhand.study.pipeline.StudyFolder;
import dev.longhand.study.result.ScoredRun;
import dev.longhand.study.result.StudyResults;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Writes the index of a study's results into its folder, for the page that shows them. */
final class StudyIndex {
    private static final String TABLES = "tables";

    private StudyIndex() {}

    /**
     * Writes the index of a study that has run.
     *
     * @param note kept with the results, such as a commit; empty for none
     */
    static void write(StudyConfig config, StudyFolder folder, String note) throws IOException {
        ObjectNode made = JsonLine.newObject();
        if (!note.isEmpty()) {
            made.put("note", note);
        }
        List<ScoredRun> runs = new ArrayList<>();
        Stage tables = null;
        for (Stage stage : config.stages()) {
            for (StudyRow row : config.rows()) {
                if (row.scoring().equals(stage.name())) {
                    runs.add(run(folder, stage, row.name()));
                }
            }
            tables = stage.name().equals(TABLES) ? stage : tables;
        }
        List<String> charts = new ArrayList<>();
        String file = "";
        if (tables != null) {
            Path place = folder.of(tables);
            file = relative(folder, place.resolve("tables.json"));
            try (Stream<Path> files = Files.list(place)) {
                files.filter(each -> each.toString().endsWith(".svg"))
                        .sorted()
                        .forEach(each -> charts.add(relative(folder, each)));
            }
        }
        new StudyResults(config.name(), made, "", file, charts, runs).write(folder.path());
    }

    private static ScoredRun run(StudyFolder folder, Stage stage, String row) {
        List<String> arguments = folder.arguments(stage);
        String scores = relative(folder, folder.of(stage).resolve("scores.jsonl"));
        return new ScoredRun(
                row,
                relative(folder, Path.of(option(arguments, "--problems"))),
                relative(folder, Path.of(option(arguments, "--generations"))),
                scores,
                scores + ".summary.json");
    }

    private static String option(List<String> arguments, String name) {
        return arguments.get(arguments.indexOf(name) + 1);
    }

    private static String relative(StudyFolder folder, Path file) {
        return folder.path().relativize(file.toAbsolutePath().normalize()).toString();
    }
}
