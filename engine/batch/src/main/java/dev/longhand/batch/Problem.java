package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;

import tools.jackson.databind.JsonNode;
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
 * A problem to be answered: {@code {"id", "benchmark", "question", "answers", "answer_type",
 * "meta"}}, of which only id and question are read here.
 *
 * @param id a string or a whole number, as the file has it
 * @param question what is asked
 * @param others fields that the format does not know; every answer carries them on
 */
public record Problem(JsonNode id, String question, ObjectNode others) {
    /** The longest line of a file of problems. */
    public static final int LINE_BYTES_MAX = 4 << 20;

    /** The most problems of a file. */
    public static final int PROBLEMS_MAX = 1_000_000;

    private static final int ID_CHARACTERS_MAX = 200;

    private static final Set<String> KNOWN =
            Set.of("id", "benchmark", "question", "answers", "answer_type", "meta");

    /** The id as text. */
    public String idText() {
        return id.asString();
    }

    /**
     * The problems of a JSONL file, in its order; empty lines count for nothing.
     *
     * @throws InputException that names the first bad line, if there is one
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
        ObjectNode others = settings.without(KNOWN);
        JsonNode id = settings.without(Set.of()).path("id");
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

    /** JSON cannot say infinity, and answers carry these values on. */
    private static boolean finite(JsonNode node) {
        return node.isContainer()
                ? node.valueStream().allMatch(Problem::finite)
                : !node.isNumber() || Double.isFinite(node.doubleValue());
    }
}
