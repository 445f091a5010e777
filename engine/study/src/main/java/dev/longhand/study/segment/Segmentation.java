package dev.longhand.study.segment;

import dev.longhand.batch.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Steps;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A way to divide thoughts into steps.
 *
 * @param name its name in reports: paragraph, reflection, separator, file or model
 */
public record Segmentation(String name, Division division) {
    /** Every paragraph is a step. */
    public static final Segmentation PARAGRAPH =
            new Segmentation("paragraph", (id, body) -> Optional.of(paragraphs(body)));

    /** A reflection begins a step. */
    public static final Segmentation REFLECTION =
            new Segmentation("reflection", (id, body) -> Optional.of(ReflectionSteps.of(body)));

    /** Separators in the thoughts themselves stand between steps. */
    public static final Segmentation SEPARATOR =
            new Segmentation("separator", (id, body) -> Optional.of(SeparatedSteps.of(body)));

    /** Divides one thought. */
    @FunctionalInterface
    public interface Division {
        /**
         * Divides a thought.
         *
         * @param id the sample's id
         * @return empty if its steps are not known
         */
        Optional<List<Step>> steps(String id, String body);
    }

    /**
     * Reads a steps file.
     *
     * @throws InputException if it cannot be read, or has an id twice
     */
    public static Segmentation read(Path file) {
        Map<String, StepMarks> marks = new HashMap<>();
        try (JsonLines<Steps> lines = JsonLines.open(file, Steps::of)) {
            for (Steps each = lines.next(); each != null; each = lines.next()) {
                put(marks, each.id().asString(), StepMarks.of(each), lines);
            }
        }
        return marked("file", marks);
    }

    /**
     * Reads the answers of a model that was given each thought and asked for a copy with
     * separators.
     *
     * @throws InputException if the file cannot be read, or has an id twice
     */
    public static Segmentation readAnswers(Path generations) {
        Map<String, StepMarks> marks = new HashMap<>();
        try (JsonLines<Generation> lines = JsonLines.open(generations, Generation::of)) {
            for (Generation each = lines.next(); each != null; each = lines.next()) {
                put(marks, each.idText(), StepMarks.ofCopy(each.text()), lines);
            }
        }
        return marked("model", marks);
    }

    private static void put(
            Map<String, StepMarks> marks, String id, StepMarks each, JsonLines<?> lines) {
        if (marks.put(id, each) != null) {
            throw new InputException("%s: the id %s is there twice".formatted(lines.source(), id));
        }
    }

    private static Segmentation marked(String name, Map<String, StepMarks> marks) {
        return new Segmentation(
                name,
                (id, body) ->
                        Optional.ofNullable(marks.get(id)).flatMap(each -> each.divide(body)));
    }

    private static List<Step> paragraphs(String body) {
        return Paragraphs.of(body).stream().map(each -> new Step(each.of(body), each)).toList();
    }
}
