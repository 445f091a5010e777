package dev.longhand.batch;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;

import org.jspecify.annotations.Nullable;

import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The object on a line of a JSONL file. Every getter checks the kind; its error names file, line
 * and key. A null counts as absent.
 *
 * @param source the file and the line number, as errors name them
 * @param object the fields
 */
public record JsonLine(String source, ObjectNode object) {
    private static final int ID_CHARACTERS_MAX = 200;
    private static final int STRING_CHARACTERS_MAX = 1 << 30;

    private static final JsonMapper JSON =
            JsonMapper.builder(
                            JsonFactory.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxStringLength(STRING_CHARACTERS_MAX)
                                                    .build())
                                    .build())
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .build();

    /**
     * Parses a line in UTF-8.
     *
     * @throws InputException if it is not one JSON object
     */
    public static JsonLine parse(String source, byte[] line) {
        JsonNode parsed;
        try {
            parsed = JSON.readTree(line);
        } catch (JacksonException e) {
            String fault = ErrorText.json(e.getOriginalMessage());
            throw new InputException("%s: is not JSON: %s".formatted(source, fault), e);
        } catch (NumberFormatException e) {
            throw new InputException(source + ": has a number whose exponent is too large", e);
        }
        if (!(parsed instanceof ObjectNode object)) {
            throw new InputException(source + ": must be a JSON object");
        }
        return new JsonLine(source, object);
    }

    /** Formats an object as a line, without its terminator. */
    public static String format(ObjectNode object) {
        return JSON.writeValueAsString(object);
    }

    /** Returns a new object without fields. */
    public static ObjectNode newObject() {
        return JSON.createObjectNode();
    }

    /** Returns the id, a string or a whole number, which must be present. */
    public JsonNode id() {
        JsonNode id = object.path("id");
        if (!id.isString() && !id.isIntegralNumber()) {
            throw refuse("id", "must be a string or a whole number");
        }
        if (id.asString().isEmpty() || id.asString().length() > ID_CHARACTERS_MAX) {
            throw refuse("id", "has 1 to " + ID_CHARACTERS_MAX + " characters");
        }
        return id;
    }

    /** Returns the string under {@code key}, which must be present. */
    public String requiredString(String key) {
        String value = string(key);
        if (value == null) {
            throw refuse(key, "is missing");
        }
        return value;
    }

    /** Returns the string under {@code key}, or null if absent. */
    public @Nullable String string(String key) {
        JsonNode value = value(key);
        if (value != null && !value.isString()) {
            throw refuse(key, "must be a string");
        }
        return value == null ? null : value.stringValue();
    }

    /** Returns the string under {@code key}, or {@code absent}. */
    public String string(String key, String absent) {
        String value = string(key);
        return value == null ? absent : value;
    }

    /** Returns the whole number under {@code key}, or null if absent. */
    public @Nullable Long whole(String key) {
        JsonNode value = value(key);
        if (value != null && !(value.isIntegralNumber() && value.canConvertToLong())) {
            throw refuse(key, "must be a whole number of 64 bits");
        }
        return value == null ? null : value.longValue();
    }

    /** Returns the whole number under {@code key}, at least 0, or {@code absent}. */
    public int count(String key, int absent) {
        Long value = whole(key);
        if (value != null && (value < 0 || value > Integer.MAX_VALUE)) {
            throw refuse(key, "must be from 0 to " + Integer.MAX_VALUE);
        }
        return value == null ? absent : value.intValue();
    }

    /** Returns the boolean under {@code key}, or {@code absent}. */
    public boolean bool(String key, boolean absent) {
        JsonNode value = value(key);
        if (value != null && !value.isBoolean()) {
            throw refuse(key, "must be true or false");
        }
        return value == null ? absent : value.booleanValue();
    }

    /** Returns the number under {@code key}, or null if absent. */
    public @Nullable Double number(String key) {
        JsonNode value = value(key);
        if (value != null && !value.isNumber()) {
            throw refuse(key, "must be a number");
        }
        return value == null ? null : value.doubleValue();
    }

    /** Returns the elements of the list under {@code key}; empty if absent. */
    public List<JsonNode> list(String key) {
        JsonNode value = value(key);
        if (value != null && !value.isArray()) {
            throw refuse(key, "must be a list");
        }
        return value == null ? List.of() : List.copyOf(value.values());
    }

    /** Returns the strings in the list under {@code key}; empty if absent. */
    public List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        for (JsonNode value : list(key)) {
            if (!value.isString()) {
                throw refuse(key, "must be a list of strings");
            }
            strings.add(value.stringValue());
        }
        return strings;
    }

    /** Returns the object under {@code key}; empty if absent. */
    public ObjectNode object(String key) {
        JsonNode value = value(key);
        if (value != null && !value.isObject()) {
            throw refuse(key, "must be an object");
        }
        return value == null ? newObject() : (ObjectNode) value;
    }

    /** Returns a copy of the fields other than {@code known}. */
    public ObjectNode others(Collection<String> known) {
        ObjectNode others = object.deepCopy();
        others.remove(known);
        return others;
    }

    /** Returns the value under {@code key}; null if absent. */
    public @Nullable JsonNode value(String key) {
        JsonNode value = object.get(key);
        return value == null || value.isNull() ? null : value;
    }

    /**
     * Creates the error for {@code key}.
     *
     * @param wrong the fault as a predicate, for example {@code is missing}
     */
    public InputException refuse(String key, String wrong) {
        return new InputException(
                "%s: %s %s".formatted(source, ErrorText.line(key), ErrorText.escape(wrong)));
    }
}
