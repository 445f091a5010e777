package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A problem: {@code {"id", "benchmark", "question", "answers", "answer_type", "meta"}}. This module
 * reads only id and question.
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

    private static final JsonMapper JSON = new JsonMapper();
    private static final int ID_CHARACTERS_MAX = 200;

    private static final Set<String> KNOWN =
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
            for (byte[] line = lines.next(); line != null; line = lines.next()) {
                if (isBlank(line)) {
                    continue;
                }
                String source = file + ":" + lines.number();
                Problem problem = parse(source, line);
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

    private static boolean isBlank(byte[] line) {
        return new String(line, StandardCharsets.ISO_8859_1).isBlank();
    }

    private static Problem parse(String source, byte[] line) {
        Settings settings = Settings.parse(source, line);
        String question =
                settings.string("question")
                        .orElseThrow(() -> settings.refuse("question", "is missing"));
        ObjectNode others = (ObjectNode) JSON.readTree(settings.json());
        JsonNode id = others.path("id");
        others.remove(KNOWN);
        if (!id.isString() && !id.isIntegralNumber()) {
            throw settings.refuse("id", "must be a string or a whole number");
        }
        if (id.asString().isEmpty() || id.asString().length() > ID_CHARACTERS_MAX) {
            throw settings.refuse("id", "has 1 to " + ID_CHARACTERS_MAX + " characters");
        }
        for (String key : others.propertyNames()) {
            if (GenerationLine.FIELDS.contains(key)) {
                throw settings.refuse(key, "is a field of the answers and cannot be carried on");
            }
        }
        if (!finite(others)) {
            throw new InputException(source + ": a number that no double holds");
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
