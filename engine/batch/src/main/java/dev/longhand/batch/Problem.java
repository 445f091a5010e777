package dev.longhand.batch;

import dev.longhand.engine.error.InputException;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A problem: {@code {"id", "benchmark", "question", "answers", "answer_type", "meta"}}. The study
 * reads all of them, {@code batch} only id and question.
 *
 * @param id a string or an integer, as in the file
 * @param question the question
 * @param others fields outside the format; they are copied to each answer
 */
public record Problem(JsonNode id, String question, ObjectNode others) {
    /** The maximum length of a line, in bytes. */
    public static final int LINE_BYTES_MAX = 4 << 20;

    /** The maximum number of problems per file. */
    public static final int PROBLEMS_MAX = 1_000_000;

    /** The names of the format's fields. */
    public static final Set<String> FIELDS =
            Set.of("id", "benchmark", "question", "answers", "answer_type", "meta");

    /** The id as text. */
    public String idText() {
        return id.asString();
    }

    /**
     * Reads the problems of a JSONL file in order; blank lines are skipped.
     *
     * @throws InputException if a line is invalid; the message names the first such line
     */
    public static List<Problem> read(Path file) {
        List<Problem> problems = new ArrayList<>();
        Map<String, Long> lineOf = new HashMap<>();
        try (JsonlReader lines = JsonlReader.open(file, LINE_BYTES_MAX)) {
            for (byte[] line = lines.nextFilled(); line != null; line = lines.nextFilled()) {
                String source = lines.source();
                Problem problem = of(JsonLine.parse(source, line));
                Long before = lineOf.put(problem.idText(), lines.number());
                if (before != null) {
                    throw new InputException(
                            "%s: the id %s is that of line %d"
                                    .formatted(source, problem.id, before));
                }
                if (problems.size() == PROBLEMS_MAX) {
                    throw new InputException("%s: more than %d".formatted(source, PROBLEMS_MAX));
                }
                problems.add(problem);
            }
        } catch (IOException e) {
            throw JsonlReader.unreadable(file, e);
        }
        if (problems.isEmpty()) {
            throw new InputException(file + ": there are no problems in it");
        }
        return problems;
    }

    /**
     * Reads the id and the question of a line.
     *
     * @throws InputException if one of them is missing or of another kind
     */
    public static Problem of(JsonLine line) {
        String question = line.requiredString("question");
        JsonNode id = line.id();
        ObjectNode others = line.others(FIELDS);
        for (String key : others.propertyNames()) {
            if (Generation.FIELDS.contains(key)) {
                throw line.refuse(key, "is a field of the answers and cannot be carried on");
            }
        }
        if (!finite(others)) {
            throw new InputException(line.source() + ": a number that no double holds");
        }
        return new Problem(id, question, others);
    }

    /**
     * Whether all numbers fit a double: JSON has no infinity, and these values are copied to the
     * answers.
     */
    private static boolean finite(JsonNode node) {
        return node.isContainer()
                ? node.valueStream().allMatch(Problem::finite)
                : !node.isNumber() || Double.isFinite(node.doubleValue());
    }
}
