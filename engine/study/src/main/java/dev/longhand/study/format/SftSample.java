package dev.longhand.study.format;

import dev.longhand.batch.JsonLine;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A sample of supervised fine-tuning in ShareGPT's layout: {@code {"system", "conversations":
 * [{"from", "value"}, ...], "meta": {"source", "teacher", "correct", "perturb"}}}. The reader also
 * takes the keys role and content, and the roles human and gpt.
 *
 * @param system the system message; null if absent
 * @param turns the conversation
 * @param meta the origin of the sample
 * @param others the fields outside the format
 */
public record SftSample(
        @Nullable String system, List<Turn> turns, ObjectNode meta, ObjectNode others) {
    /** The role of a question. */
    public static final String USER = "user";

    /** The role of an answer. */
    public static final String ASSISTANT = "assistant";

    private static final List<String> FIELDS = List.of("system", "conversations", "meta");
    private static final List<String> TURN_FIELDS = List.of("from", "role", "value", "content");

    private static final Map<String, String> ROLES =
            Map.of("human", USER, "gpt", ASSISTANT, USER, USER, ASSISTANT, ASSISTANT);

    /**
     * A message.
     *
     * @param from {@link #USER}, {@link #ASSISTANT}, or another role as in the file
     * @param value the text
     * @param others the fields outside the format
     */
    public record Turn(String from, String value, ObjectNode others) {
        /** Returns a turn with another text. */
        public Turn withValue(String changed) {
            return new Turn(from, changed, others);
        }
    }

    public SftSample {
        turns = List.copyOf(turns);
    }

    /** Returns a sample of one question and its answer. */
    public static SftSample of(
            @Nullable String system, String question, String answer, ObjectNode meta) {
        return new SftSample(
                system,
                List.of(
                        new Turn(USER, question, JsonLine.newObject()),
                        new Turn(ASSISTANT, answer, JsonLine.newObject())),
                meta,
                JsonLine.newObject());
    }

    /**
     * Reads a line.
     *
     * @throws dev.longhand.engine.error.InputException if a field is missing or of another kind
     */
    public static SftSample of(JsonLine line) {
        List<Turn> turns = new ArrayList<>();
        for (JsonNode each : line.list("conversations")) {
            String source = "%s: conversations[%d]".formatted(line.source(), turns.size());
            if (!(each instanceof ObjectNode turn)) {
                throw line.refuse("conversations", "must be a list of objects");
            }
            turns.add(turn(new JsonLine(source, turn)));
        }
        if (turns.isEmpty()) {
            throw line.refuse("conversations", "is missing or empty");
        }
        return new SftSample(
                line.string("system"), turns, line.object("meta"), line.others(FIELDS));
    }

    private static Turn turn(JsonLine turn) {
        String role = turn.requiredString(turn.value("from") == null ? "role" : "from");
        return new Turn(
                ROLES.getOrDefault(role, role),
                turn.requiredString(turn.value("value") == null ? "content" : "value"),
                turn.others(TURN_FIELDS));
    }

    /**
     * The id: the field of that name, else of the meta object, else the number of the line.
     *
     * @param lineNumber the number of the line, from 1
     */
    public String id(long lineNumber) {
        for (JsonNode id : List.of(others.path("id"), meta.path("id"))) {
            if (id.isString() || id.isIntegralNumber()) {
                return id.asString();
            }
        }
        return Long.toString(lineNumber);
    }

    /** The index of the last answer among the turns; -1 without one. */
    public int answerIndex() {
        int index = turns.size() - 1;
        while (index >= 0 && !turns.get(index).from.equals(ASSISTANT)) {
            index--;
        }
        return index;
    }

    /** Returns the sample with another text for a turn. */
    public SftSample withValue(int turn, String value) {
        List<Turn> changed = new ArrayList<>(turns);
        changed.set(turn, changed.get(turn).withValue(value));
        return new SftSample(system, changed, meta, others);
    }

    /**
     * The perturbation that made the sample; null for an original.
     *
     * @throws dev.longhand.engine.error.InputException if the object is malformed
     */
    public @Nullable Perturbation perturbation() {
        return meta.get(Perturbation.KEY) instanceof ObjectNode perturb
                ? Perturbation.of(new JsonLine("meta." + Perturbation.KEY, perturb))
                : null;
    }

    /** Returns the sample with the perturbation noted in its meta object. */
    public SftSample withPerturbation(Perturbation perturbation) {
        ObjectNode noted = meta.deepCopy();
        noted.set(Perturbation.KEY, perturbation.json());
        return new SftSample(system, turns, noted, others);
    }

    /** Formats the line, without its terminator. */
    public String json() {
        ObjectNode json = JsonLine.newObject();
        if (system != null) {
            json.put("system", system);
        }
        ArrayNode list = json.putArray("conversations");
        for (Turn turn : turns) {
            ObjectNode each = list.addObject();
            each.put("from", turn.from);
            each.put("value", turn.value);
            each.setAll(turn.others);
        }
        json.set("meta", meta);
        json.setAll(others);
        return JsonLine.format(json);
    }
}
