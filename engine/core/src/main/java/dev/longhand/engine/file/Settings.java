package dev.longhand.engine.file;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Object of settings in a JSON file. Every getter checks kind and range; its error names the file
 * and the key. A key whose value is null counts as absent, as in transformers.
 */
public final class Settings {
    /**
     * Limit for a file. The longest real one, a tokenizer_config.json with its template, has about
     * 20 kB.
     */
    private static final int BYTES_MAX = 16 << 20;

    private static final int LIST_LENGTH_MAX = 4096;

    private final String source;
    private final String prefix;
    private final JsonObject object;

    private Settings(String source, String prefix, JsonObject object) {
        this.source = source;
        this.prefix = prefix;
        this.object = object;
    }

    /**
     * Reads settings from {@code file}.
     *
     * @throws InputException if the file cannot be read or is not a JSON object
     */
    public static Settings read(Path file) {
        return of(file.toString(), Json.read(file, BYTES_MAX));
    }

    /**
     * Parses settings from {@code json}, UTF-8.
     *
     * @param source name of the JSON in error messages
     * @throws InputException if it is not a JSON object
     */
    public static Settings parse(String source, byte[] json) {
        return of(source, Json.parse(source, json));
    }

    /**
     * Parses settings from {@code json}, UTF-8, which is closed.
     *
     * @param source name of the JSON in error messages
     * @throws InputException if it is not a JSON object
     */
    public static Settings parse(String source, InputStream json) {
        return of(source, Json.parse(source, json));
    }

    private static Settings of(String source, JsonElement value) {
        if (!value.isJsonObject()) {
            throw new InputException(source + ": must be a JSON object");
        }
        return new Settings(source, "", value.getAsJsonObject());
    }

    /** Whether {@code key} is present with a value other than null. */
    public boolean has(String key) {
        return node(key) != null;
    }

    /** Whether {@code key} is absent, null, false, zero or empty. */
    public boolean isEmpty(String key) {
        JsonElement value = node(key);
        if (value == null) {
            return true;
        }
        if (value.isJsonObject()) {
            return value.getAsJsonObject().isEmpty();
        }
        if (value.isJsonArray()) {
            return value.getAsJsonArray().isEmpty();
        }
        JsonPrimitive primitive = value.getAsJsonPrimitive();
        return primitive.isString()
                ? primitive.getAsString().isEmpty()
                : primitive.isBoolean() ? !primitive.getAsBoolean() : primitive.getAsDouble() == 0;
    }

    /** Returns all keys, in file order. */
    public Set<String> keys() {
        return Collections.unmodifiableSet(new LinkedHashSet<>(object.keySet()));
    }

    /** Returns the object under {@code key}, if present. */
    public Optional<Settings> object(String key) {
        JsonElement value = node(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!value.isJsonObject()) {
            throw refuse(key, "must be an object");
        }
        return Optional.of(new Settings(source, prefix + key + ".", value.getAsJsonObject()));
    }

    /** Returns the objects in the list under {@code key}; empty if absent. */
    public List<Settings> objects(String key) {
        List<Settings> objects = new ArrayList<>();
        for (JsonElement value : list(key)) {
            if (!value.isJsonObject()) {
                throw refuse(key, "must be a list of objects");
            }
            String place = prefix + key + "[" + objects.size() + "].";
            objects.add(new Settings(source, place, value.getAsJsonObject()));
        }
        return objects;
    }

    /** Whether the value under {@code key} is a string. */
    public boolean isString(String key) {
        JsonElement value = node(key);
        return value != null && isString(value);
    }

    /** Returns the string under {@code key}, if present. */
    public Optional<String> string(String key) {
        JsonElement value = node(key);
        if (value == null) {
            return Optional.empty();
        }
        if (!isString(value)) {
            throw refuse(key, "must be a string");
        }
        return Optional.of(value.getAsString());
    }

    /** Returns the strings in the list under {@code key}; empty if absent. */
    public List<String> strings(String key) {
        List<String> strings = new ArrayList<>();
        for (JsonElement value : list(key)) {
            if (!isString(value)) {
                throw refuse(key, "must be a list of strings");
            }
            strings.add(value.getAsString());
        }
        return strings;
    }

    /** Returns the boolean under {@code key}, or {@code absent}. */
    public boolean bool(String key, boolean absent) {
        JsonElement value = node(key);
        if (value == null) {
            return absent;
        }
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
            throw refuse(key, "must be true or false");
        }
        return value.getAsBoolean();
    }

    /**
     * Returns the integer under {@code key}, which must be present, from {@code min} to {@code
     * max}.
     */
    public int requiredInteger(String key, int min, int max) {
        return integer(key, min, max).orElseThrow(() -> refuse(key, "is missing"));
    }

    /** Returns the integer under {@code key}, if present, from {@code min} to {@code max}. */
    public OptionalInt integer(String key, int min, int max) {
        JsonElement value = node(key);
        return value == null ? OptionalInt.empty() : OptionalInt.of(integer(key, value, min, max));
    }

    /** Returns the integer or the list of integers under {@code key}; empty if absent. */
    public List<Integer> integers(String key, int min, int max) {
        JsonElement value = node(key);
        if (value != null && !value.isJsonArray()) {
            return List.of(integer(key, value, min, max));
        }
        List<Integer> integers = new ArrayList<>();
        for (JsonElement element : list(key)) {
            integers.add(integer(key, element, min, max));
        }
        return integers;
    }

    /** Returns the integers in the list under {@code key}; empty if absent. */
    public List<Integer> integerList(String key, int lengthMax, int min, int max) {
        JsonElement value = node(key);
        if (value == null) {
            return List.of();
        }
        if (!value.isJsonArray()) {
            throw refuse(key, "must be a list");
        }
        if (value.getAsJsonArray().size() > lengthMax) {
            throw refuse(key, "is longer than " + lengthMax);
        }
        List<Integer> integers = new ArrayList<>();
        for (JsonElement element : value.getAsJsonArray()) {
            integers.add(integer(key, element, min, max));
        }
        return integers;
    }

    /**
     * Returns the number under {@code key}, which must be present, from {@code min} to {@code max}.
     */
    public double requiredNumber(String key, double min, double max) {
        Double value = number(key, min, max);
        if (value == null) {
            throw refuse(key, "is missing");
        }
        return value;
    }

    /** Returns the number under {@code key}, from {@code min} to {@code max}, or null if absent. */
    public @Nullable Double number(String key, double min, double max) {
        JsonElement value = node(key);
        return value == null ? null : number(key, value, min, max);
    }

    private double number(String key, JsonElement value, double min, double max) {
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isNumber()) {
            throw refuse(key, "must be a number");
        }
        double number = value.getAsDouble();
        if (!(number >= min && number <= max)) {
            throw refuse(key, "is %s, must be from %s to %s".formatted(value, min, max));
        }
        return number;
    }

    /** Returns the numbers in the list under {@code key}; empty if absent. */
    public List<Double> numbers(String key, double min, double max) {
        List<Double> numbers = new ArrayList<>();
        for (JsonElement element : list(key)) {
            numbers.add(number(key, element, min, max));
        }
        return numbers;
    }

    /** Returns the value under {@code key} as JSON, for kinds without a getter; null if absent. */
    public @Nullable String json(String key) {
        JsonElement value = node(key);
        return value == null ? null : value.toString();
    }

    /** Returns the whole object as JSON. */
    public String json() {
        return object.toString();
    }

    /** Whether {@code other} holds the same keys and values. */
    public boolean sameAs(Settings other) {
        return object.equals(other.object);
    }

    /**
     * Creates the error for {@code key}.
     *
     * @param wrong the fault as a predicate, for example {@code is missing}; control characters are
     *     escaped here
     */
    public SettingException refuse(String key, String wrong) {
        String path = ErrorText.line(prefix + key);
        return new SettingException(
                "%s: %s %s".formatted(source, path, ErrorText.escape(wrong)), path);
    }

    private int integer(String key, JsonElement value, int min, int max) {
        if (!Json.isWhole(value)) {
            throw refuse(key, "must be a whole number");
        }
        BigInteger number = value.getAsBigInteger();
        if (number.compareTo(BigInteger.valueOf(min)) < 0
                || number.compareTo(BigInteger.valueOf(max)) > 0) {
            throw refuse(
                    key,
                    "is %s, must be from %d to %d"
                            .formatted(ErrorText.line(value.toString()), min, max));
        }
        return number.intValue();
    }

    private Iterable<JsonElement> list(String key) {
        JsonElement value = node(key);
        if (value == null) {
            return List.of();
        }
        if (!value.isJsonArray()) {
            throw refuse(key, "must be a list");
        }
        if (value.getAsJsonArray().size() > LIST_LENGTH_MAX) {
            throw refuse(key, "is longer than " + LIST_LENGTH_MAX);
        }
        return value.getAsJsonArray();
    }

    private static boolean isString(JsonElement value) {
        return value.isJsonPrimitive() && value.getAsJsonPrimitive().isString();
    }

    private @Nullable JsonElement node(String key) {
        JsonElement value = object.get(key);
        return value == null || value.isJsonNull() ? null : value;
    }
}
