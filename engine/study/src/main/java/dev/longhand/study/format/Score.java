package dev.longhand.study.format;

import dev.longhand.batch.JsonLine;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.List;

/**
 * The verdict on a generation: {@code {"id", "sample", "extracted", "normalized", "reference",
 * "correct", "rule", "timeout"}}.
 *
 * @param id the problem's id, a string or an integer
 * @param sample the index among the answers to the problem, from 0
 * @param extracted the answer as it stands in the text; null if the text has none
 * @param normalized the answer in normal form; null if the text has none
 * @param reference the reference answer in normal form; null if the problem has none
 * @param correct the verdict; null if the answer was not scored
 * @param rule the rule that decided
 * @param timeout whether a limit of time or memory ended the comparison
 * @param others the fields outside the format
 */
public record Score(
        JsonNode id,
        int sample,
        @Nullable String extracted,
        @Nullable String normalized,
        @Nullable String reference,
        @Nullable Boolean correct,
        String rule,
        boolean timeout,
        ObjectNode others) {
    private static final List<String> FIELDS =
            List.of(
                    "id",
                    "sample",
                    "extracted",
                    "normalized",
                    "reference",
                    "correct",
                    "rule",
                    "timeout");

    /**
     * Reads a line.
     *
     * @throws dev.longhand.engine.error.InputException if a field is missing or of another kind
     */
    public static Score of(JsonLine line) {
        return new Score(
                line.id(),
                line.count("sample", 0),
                line.string("extracted"),
                line.string("normalized"),
                line.string("reference"),
                line.value("correct") == null ? null : (Boolean) line.bool("correct", false),
                line.string("rule", ""),
                line.bool("timeout", false),
                line.others(FIELDS));
    }

    /** The id as text. */
    public String idText() {
        return id.asString();
    }

    /** Identifies the answer among those of a run: id and sample. */
    public String key() {
        return idText() + "/" + sample;
    }

    /** Formats the line, without its terminator. */
    public String json() {
        ObjectNode json = JsonLine.newObject();
        json.set("id", id);
        json.put("sample", sample);
        json.put("extracted", extracted);
        json.put("normalized", normalized);
        json.put("reference", reference);
        json.put("correct", correct);
        json.put("rule", rule);
        json.put("timeout", timeout);
        json.setAll(others);
        return JsonLine.format(json);
    }
}
