package dev.longhand.app.study;

import dev.longhand.batch.JsonLine;
import dev.longhand.batch.JsonlReader;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.pipeline.Stage;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * A study as its file describes it. Its keys are explained in the README of the study.
 *
 * @param name the name of the study
 * @param stages all commands, each after those that it needs: the stages of the file, then those of
 *     its rows, then the tables
 * @param rows the rows, in the order of the file
 * @param generate the configuration of {@code batch} for all rows
 * @param expected what the author expects of machine and rows
 */
record StudyConfig(
        String name,
        List<Stage> stages,
        List<StudyRow> rows,
        ObjectNode generate,
        Expectation expected) {
    private static final Set<String> KEYS =
            Set.of(
                    "study",
                    "stages",
                    "model",
                    "benchmarks",
                    "generate",
                    "train",
                    "batch",
                    "score",
                    "evaluate",
                    "seeds",
                    "rows",
                    "expect");
    private static final Set<String> STAGE_KEYS =
            Set.of("name", "run", "tokens", "bytes", "tokens_per_second");

    StudyConfig {
        stages = List.copyOf(stages);
        rows = List.copyOf(rows);
    }

    /**
     * Reads a file.
     *
     * @throws InputException if it is no study; the message names the file and the key
     */
    static StudyConfig read(Path file) {
        JsonLine json;
        try {
            json = JsonLine.parse(file.toString(), Files.readAllBytes(file));
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
        refuseUnknown(json, KEYS);
        Expectation expected =
                Expectation.of(new JsonLine(json.source() + ": expect", json.object("expect")));
        List<Stage> stages =
                new ArrayList<>(objects(json, "stages").stream().map(StudyConfig::stage).toList());
        List<StudyRow> rows =
                objects(json, "rows").stream()
                        .map(each -> StudyRow.of(each, json, expected))
                        .toList();
        if (!rows.isEmpty()) {
            RowStages made = new RowStages(json, expected);
            stages.add(made.problems());
            rows.forEach(row -> stages.addAll(made.stages(row)));
            stages.add(made.tables(rows));
        }
        checkOrder(json, stages);
        return new StudyConfig(
                json.string("study", "study"), stages, rows, json.object("generate"), expected);
    }

    private static Stage stage(JsonLine json) {
        refuseUnknown(json, STAGE_KEYS);
        return Stage.of(
                json.requiredString("name"),
                json.strings("run"),
                new Stage.Work(
                        whole(json, "tokens"),
                        whole(json, "bytes"),
                        Expectation.rate(json.number("tokens_per_second"))));
    }

    private static void checkOrder(JsonLine json, List<Stage> stages) {
        List<String> earlier = new ArrayList<>();
        for (Stage stage : stages) {
            if (earlier.contains(stage.name())) {
                throw new InputException(
                        "%s: two stages have the name %s".formatted(json.source(), stage.name()));
            }
            for (String needed : stage.needs()) {
                if (!earlier.contains(needed)) {
                    throw new InputException(
                            "%s: the stage %s names {%s}, which is no earlier stage"
                                    .formatted(json.source(), stage.name(), needed));
                }
            }
            earlier.add(stage.name());
        }
    }

    static void refuseUnknown(JsonLine json, Set<String> known) {
        for (String key : json.object().propertyNames()) {
            if (!known.contains(key)) {
                throw json.refuse(key, "is no key here");
            }
        }
    }

    /** Returns the objects in the list of a key, empty if it is missing. */
    static List<JsonLine> objects(JsonLine json, String key) {
        List<JsonLine> objects = new ArrayList<>();
        for (JsonNode node : json.list(key)) {
            if (!(node instanceof ObjectNode object)) {
                throw json.refuse(key, "must be a list of objects");
            }
            objects.add(new JsonLine(json.source() + ": " + key, object));
        }
        return objects;
    }

    static long whole(JsonLine json, String key) {
        Long value = json.whole(key);
        return value == null ? 0 : value;
    }
}
