package dev.longhand.study.result;

import dev.longhand.batch.JsonLine;

import tools.jackson.databind.node.ObjectNode;

/**
 * The answers of a row of the study to all benchmarks. The paths are relative to the folder of the
 * results.
 *
 * @param row the row's name in the tables, such as digits-50
 * @param problems the file of problems
 * @param generations the file of generations
 * @param scores the file of scores, in the order of the generations
 * @param summary the file with the summaries
 */
public record ScoredRun(
        String row, String problems, String generations, String scores, String summary) {
    /**
     * Reads the object.
     *
     * @throws dev.longhand.engine.error.InputException if a field is missing or no string
     */
    public static ScoredRun of(JsonLine json) {
        return new ScoredRun(
                json.requiredString("row"),
                json.requiredString("problems"),
                json.requiredString("generations"),
                json.requiredString("scores"),
                json.requiredString("summary"));
    }

    /** Returns the object. */
    public ObjectNode json() {
        return JsonLine.newObject()
                .put("row", row)
                .put("problems", problems)
                .put("generations", generations)
                .put("scores", scores)
                .put("summary", summary);
    }
}
