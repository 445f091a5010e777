package dev.longhand.batch;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.charset.StandardCharsets;

/** The order of the answers in an output, and the fields that tell them apart. */
interface AnswerOrder {
    /** Whether a line of an output belongs to the answer with this index. */
    boolean isAnswer(int index, JsonNode line);

    /** Whether a line of an output belongs to the answer with this index. */
    default boolean isAnswer(int index, String line) {
        JsonNode parsed = RunPlan.parse(line.getBytes(StandardCharsets.UTF_8));
        return parsed != null && isAnswer(index, parsed);
    }

    /** The index of the answer that a line of the output or of the timings names; -1 if none. */
    int index(JsonNode line);

    /** The fields by which a line of the timings names its answer. */
    ObjectNode name(int index);
}
