package dev.longhand.study.format;

import dev.longhand.batch.JsonLine;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;

/**
 * The steps of a thought, as offsets into its body, {@code {"id", "steps": [[start, end], ...]}},
 * or as the body with separators, {@code {"id", "text": "step ##### step"}}.
 *
 * @param id the sample's id, a string or an integer
 * @param spans the steps in order, without overlap, in UTF-16 characters; null if the line has a
 *     text
 * @param text the body with {@link #SEPARATOR} between steps; null if the line has offsets
 * @param others the fields outside the format
 */
public record Steps(
        JsonNode id, @Nullable List<Span> spans, @Nullable String text, ObjectNode others) {
    /** The mark between two steps of a text. */
    public static final String SEPARATOR = "#####";

    private static final List<String> FIELDS = List.of("id", "steps", "text");

    public Steps {
        spans = spans == null ? null : List.copyOf(spans);
    }

    /**
     * Reads a line.
     *
     * @throws dev.longhand.engine.error.InputException if it has neither or both of steps and text,
     *     or the spans overlap or are out of order
     */
    public static Steps of(JsonLine line) {
        String text = line.string("text");
        if ((text == null) == (line.value("steps") == null)) {
            throw line.refuse("steps", "or text must be present, and not both");
        }
        return new Steps(line.id(), text == null ? spans(line) : null, text, line.others(FIELDS));
    }

    private static List<Span> spans(JsonLine line) {
        List<Span> spans = new ArrayList<>();
        int after = 0;
        for (JsonNode each : line.list("steps")) {
            if (!each.isArray()
                    || each.size() != 2
                    || !each.path(0).isInt()
                    || !each.path(1).isInt()) {
                throw line.refuse("steps", "must be a list of [start, end]");
            }
            int start = each.path(0).intValue();
            int end = each.path(1).intValue();
            if (start < after || end < start) {
                throw line.refuse(
                        "steps", "%s overlaps the step before it or ends first".formatted(each));
            }
            after = end;
            spans.add(new Span(start, end));
        }
        return spans;
    }

    /** Formats the line, without its terminator. */
    public String json() {
        ObjectNode json = JsonLine.newObject();
        json.set("id", id);
        if (spans != null) {
            ArrayNode list = json.putArray("steps");
            spans.forEach(each -> list.addArray().add(each.start()).add(each.end()));
        }
        if (text != null) {
            json.put("text", text);
        }
        json.setAll(others);
        return JsonLine.format(json);
    }
}
