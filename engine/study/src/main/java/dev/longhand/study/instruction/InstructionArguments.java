package dev.longhand.study.instruction;

import dev.longhand.batch.JsonLine;

import tools.jackson.databind.JsonNode;

import java.util.List;
import java.util.function.IntPredicate;

/**
 * The arguments of an instruction.
 *
 * @param id the instruction, for errors
 * @param values the arguments by name
 */
record InstructionArguments(String id, JsonLine values) {
    String text(String key) {
        String text = values.string(key);
        if (text == null || text.isEmpty()) {
            throw values.refuse(key, "is missing, which " + id + " needs");
        }
        return text;
    }

    List<String> texts(String key) {
        List<String> texts = values.strings(key);
        if (texts.isEmpty()) {
            throw values.refuse(key, "is missing, which " + id + " needs");
        }
        return texts;
    }

    /** A whole number, which some files write as 3.0. */
    int number(String key) {
        JsonNode value = values.value(key);
        if (value == null) {
            throw values.refuse(key, "is missing, which " + id + " needs");
        }
        if (!value.isNumber() || value.doubleValue() != value.intValue()) {
            throw values.refuse(key, "must be a whole number");
        }
        return value.intValue();
    }

    /** The comparison of a count with a threshold: "less than" or "at least". */
    IntPredicate compared(String relationKey, String thresholdKey) {
        String relation = text(relationKey);
        int threshold = number(thresholdKey);
        return switch (relation) {
            case "less than" -> count -> count < threshold;
            case "at least" -> count -> count >= threshold;
            default -> throw values.refuse(relationKey, "must be 'less than' or 'at least'");
        };
    }
}
