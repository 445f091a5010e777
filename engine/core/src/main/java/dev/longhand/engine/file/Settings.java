package dev.longhand.engine.file;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A JSON object of settings. Every getter checks kind and range and names the file and the key when
 * it refuses. A key whose value is null counts as absent, as in transformers.
 */
public final class Settings {
    /** The longest real one (a tokenizer_config.json with its template) is about 20 kB. */
    private static final int BYTES_MAX = 16 << 20;

    private static final int LIST_LENGTH_MAX = 4096;

    private final String source;
    private final String prefix;
    private final JsonNode object;

    private Settings(String source, String prefix, JsonNode object) {
        this.source = source;
        this.prefix = prefix;
        this.object = object;
    }

    /**
     * The settings in {@code file}.
     *
     * @throws InputException if the file cannot be read or is not a JSON object
     */
    public static Settings read(Path file) {
        return of(file.toString(), Json.read(file, BYTES_MAX));
    }

    /**
     * The settings in {@code json}, UTF-8.
     *
     * @param source what error messages call it
     * @throws InputException if it is not a JSON object
     */
    public static Settings parse(String source, byte[] json) {
        return of(source, Json.parse(source, json));
    }

    private static Settings of(String source, JsonNode value) {
        if (!value.isObject()) {
            throw new InputException(source + ": must be a JSON object");
        }
        return new Settings(source, "", value);
    }

    /** Whether {@code key} is there with a value other than null. */
    public boolean has(String key) {
        return node(key) != null;
    }

    /** Whether {@code key} is absent, null, false, zero or empty. */
    public boolean isEmpty(String key) {
        JsonNode value = node(key);
        return value == null
                || (value.isContainer() && value.isEmpty())
                || (value.isString() && value.stringValue().isEmpty())
                || (value.isBoolean() && !value.booleanValue())
                || (value.isNumber() && value.doubleValue() == 0);
    }

    /** All keys, in file order. */
    public Set<String> keys() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(object.propertyNames()));
    }

    /** The object under {@code key}, if there. */
    public Optional<Settings> object(String key) {
        JsonNode value = node(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isObject()) {
            throw refuse(key, "must be an object");
        }
        return Optional.of(new Settings(source, prefix + key + ".", value));
    }

    /** The objects in the list under {@code key}; empty if absent. */
    public List<Settings> objects(String key) {
        List<Settings> objects = new ArrayList<>();
        for (JsonNode value : list(key)) {
            if (!value.isObject()) {
                throw refuse(key, "must be a list of objects");
            }
            String place = prefix + key + "[" + objects.size() + "].";
            objects.add(new Settings(source, place, value));
        }
        return objects;
    }

    /** Whether the value under {@code key} is a string. */
    public boolean isString(String key) {
        JsonNode value = node(key);
        return value != null && value.isString();
    }

    /** The string under {@code key}, if there. */
    public Optional<String> string(String key) {
        JsonNode value = node(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isString()) {
            throw refuse(key, "must be a string");
        }
        return Optional.of(value.stringValue());
    }

    /** The strings in the list under {@code key}; empty if absent. */
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

    /** The boolean under {@code key}, or {@code absent}. */
    public boolean bool(String key, boolean absent) {
        JsonNode value = node(key);
        if (value == null) {
            return absent;
        }
        if (!value.isBoolean()) {
            throw refuse(key, "must be true or false");
        }
        return value.booleanValue();
    }

    /** The whole number under {@code key}, which must be there, from {@code min} to {@code max}. */
    public int requiredInteger(String key, int min, int max) {
        return integer(key, min, max).orElseThrow(() -> refuse(key, "is missing"));
    }

    /** The whole number under {@code key}, if there, from {@code min} to {@code max}. */
    public OptionalInt integer(String key, int min, int max) {
        JsonNode value = node(key);
        return value == null ? OptionalInt.empty() : OptionalInt.of(integer(key, value, min, max));
    }

    /** The whole number or list of whole numbers under {@code key}; empty if absent. */
    public List<Integer> integers(String key, int min, int max) {
        JsonNode value = node(key);
        if (value != null && !value.isArray()) {
            return List.of(integer(key, value, min, max));
        }
        List<Integer> integers = new ArrayList<>();
        for (JsonNode element : list(key)) {
            integers.add(integer(key, element, min, max));
        }
        return integers;
    }

    /** The whole numbers in the list under {@code key}; empty if absent. */
    public List<Integer> integerList(String key, int lengthMax, int min, int max) {
        JsonNode value = node(key);
        if (value != null && value.size() > lengthMax) {
            throw refuse(key, "is longer than " + lengthMax);
        }
        if (value != null && !value.isArray()) {
            throw refuse(key, "must be a list");
        }
        List<Integer> integers = new ArrayList<>();
        if (value != null) {
            for (JsonNode element : value) {
                integers.add(integer(key, element, min, max));
            }
        }
        return integers;
    }

    /** The number under {@code key}, which must be there, from {@code min} to {@code max}. */
    public double requiredNumber(String key, double min, double max) {
        Double value = number(key, min, max);
        if (value == null) {
            throw refuse(key, "is missing");
        }
        return value;
    }

    /** The number under {@code key}, from {@code min} to {@code max}, or null if absent. */
    public @Nullable Double number(String key, double min, double max) {
        JsonNode value = node(key);
        if (value == null) {
            return null;
        }
        if (!value.isNumber()) {
            throw refuse(key, "must be a number");
        }
        double number = value.doubleValue();
        if (!(number >= min && number <= max)) {
            throw refuse(key, "is %s, must be from %s to %s".formatted(value, min, max));
        }
        return number;
    }

    /** What stands under other keys than these, as it stands. */
    public ObjectNode without(Set<String> keys) {
        return ((ObjectNode) object.deepCopy()).without(keys);
    }

    /** The value under {@code key} as it stands, for what no getter knows; null if absent. */
    public @Nullable JsonNode value(String key) {
        return node(key);
    }

    /** All of it, as JSON. */
    public String json() {
        return object.toString();
    }

    /** Whether {@code other} holds the same keys and values. */
    public boolean sameAs(Settings other) {
        return object.equals(other.object);
    }

    /** The error that says what is wrong with {@code key}. */
    public SettingException refuse(String key, String wrong) {
        String path = ErrorText.line(prefix + key);
        return new SettingException("%s: %s %s".formatted(source, path, wrong), path);
    }

    private int integer(String key, JsonNode value, int min, int max) {
        if (!value.isIntegralNumber()) {
            throw refuse(key, "must be a whole number");
        }
        long number = value.canConvertToLong() ? value.longValue() : Long.MAX_VALUE;
        if (number < min || number > max) {
            throw refuse(
                    key,
                    "is %s, must be from %d to %d"
                            .formatted(ErrorText.line(value.toString()), min, max));
        }
        return (int) number;
    }

    private Iterable<JsonNode> list(String key) {
        JsonNode value = node(key);
        if (value == null) {
            return List.of();
        }
        if (!value.isArray()) {
            throw refuse(key, "must be a list");
        }
        if (value.size() > LIST_LENGTH_MAX) {
            throw refuse(key, "is longer than " + LIST_LENGTH_MAX);
        }
        return value;
    }

    private @Nullable JsonNode node(String key) {
        JsonNode value = object.get(key);
        return value == null || value.isNull() ? null : value;
    }
}
