package dev.longhand.engine.constraint;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import dev.longhand.engine.error.AnswerFormatException;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The parts of a schema: its keywords, references to its definitions, and unions of schemas. */
final class Schemas {
    /** Limit for the parts that are visited, references included. */
    private static final int VISITS_MAX = 100_000;

    private static final int REFERENCES_MAX = 64;

    static final Set<String> COMBINING = Set.of("anyOf", "oneOf", "allOf");

    /** Keywords of each type, with which a schema without a type has that type. */
    static final Map<String, Set<String>> OF_TYPE =
            Map.of(
                    "object", Set.of("properties", "required", "additionalProperties"),
                    "array", Set.of("items", "prefixItems", "minItems", "maxItems"),
                    "string", Set.of("minLength", "maxLength", "pattern", "format"),
                    "number", Set.of("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"));

    private static final Set<String> ENFORCED = Set.of("type", "enum", "const", "$ref");

    private static final Set<String> ANNOTATIONS =
            Set.of(
                    "title",
                    "description",
                    "default",
                    "examples",
                    "example",
                    "$schema",
                    "$id",
                    "$comment",
                    "deprecated",
                    "readOnly",
                    "writeOnly",
                    "discriminator",
                    "contentEncoding",
                    "contentMediaType",
                    "$defs",
                    "definitions");

    private static final Set<Map.Entry<String, JsonElement>> NAME_TYPES =
            Set.of(Map.entry("type", new JsonPrimitive("string")));

    static final List<String> TYPES =
            List.of("object", "array", "string", "number", "integer", "boolean", "null");

    private final JsonElement root;
    private int visits;

    Schemas(JsonElement root) {
        this.root = root;
    }

    static AnswerFormatException refuse(String path, String fault) {
        return new AnswerFormatException(path + ": " + fault);
    }

    /** Counts a visit. */
    void visit(String path) {
        if (++visits > VISITS_MAX) {
            throw refuse(path, "the schema is too large");
        }
    }

    /** Returns the constraints of a schema; refuses keywords that are not enforced. */
    JsonObject constraints(JsonElement schema, String path) {
        visit(path);
        if (!schema.isJsonObject()) {
            throw refuse(path, "a schema must be an object or a truth value");
        }
        JsonObject result = new JsonObject();
        for (Map.Entry<String, JsonElement> each : schema.getAsJsonObject().entrySet()) {
            String key = each.getKey();
            if (isEnforced(key)) {
                result.add(key, each.getValue());
            } else if (!ANNOTATIONS.contains(key)
                    && !key.startsWith("x-")
                    && !isNeutral(key, each.getValue())) {
                throw refuse(path, key + " is not supported");
            }
        }
        return result;
    }

    private static boolean isEnforced(String key) {
        return ENFORCED.contains(key)
                || COMBINING.contains(key)
                || OF_TYPE.values().stream().anyMatch(keys -> keys.contains(key));
    }

    /** Whether a keyword has a value that admits everything. */
    private static boolean isNeutral(String key, JsonElement value) {
        return switch (key) {
            case "uniqueItems", "nullable" -> value.equals(new JsonPrimitive(false));
            case "multipleOf" ->
                    value.isJsonPrimitive()
                            && value.getAsJsonPrimitive().isNumber()
                            && value.getAsString().equals("1");
            case "propertyNames" ->
                    value.isJsonObject()
                            && NAME_TYPES.containsAll(value.getAsJsonObject().entrySet());
            case "minProperties" -> value.equals(new JsonPrimitive(0));
            default -> false;
        };
    }

    /** Returns the schema that a reference points to, within the same text. */
    JsonElement resolve(String reference, String path) {
        if (!reference.startsWith("#")) {
            throw refuse(path, "$ref to another document is not supported");
        }
        JsonElement at = root;
        String[] steps = reference.substring(1).split("/", -1);
        for (int i = 1; i < steps.length; i++) {
            String key = steps[i].replace("~1", "/").replace("~0", "~");
            at = child(at, key);
            if (at == null) {
                throw refuse(path, "$ref points to nothing: " + reference);
            }
        }
        if (steps.length > 1 || steps[0].isEmpty()) {
            return at;
        }
        throw refuse(path, "$ref to an anchor is not supported");
    }

    private static @Nullable JsonElement child(JsonElement parent, String key) {
        if (parent.isJsonObject()) {
            return parent.getAsJsonObject().get(key);
        }
        boolean index = key.matches("[0-9]{1,6}");
        if (parent.isJsonArray() && index) {
            JsonArray array = parent.getAsJsonArray();
            int at = Integer.parseInt(key);
            return at < array.size() ? array.get(at) : null;
        }
        return null;
    }

    /** Returns the reference of a schema, or null. */
    static @Nullable String reference(JsonObject schema, String path) {
        JsonElement reference = schema.get("$ref");
        if (reference == null) {
            return null;
        }
        if (!reference.isJsonPrimitive() || !reference.getAsJsonPrimitive().isString()) {
            throw refuse(path, "$ref must be a text");
        }
        return reference.getAsString();
    }

    /** Returns the constraints of a schema or of the schema that it refers to. */
    JsonObject resolved(JsonElement schema, String path) {
        JsonObject at = constraints(schema, path);
        for (int i = 0; ; i++) {
            String reference = reference(at, path);
            if (reference == null) {
                return at;
            }
            if (i == REFERENCES_MAX) {
                throw refuse(path, "$ref refers to itself");
            }
            JsonObject beside = at.deepCopy();
            beside.remove("$ref");
            JsonObject target = constraints(resolve(reference, path), path);
            at = beside.isEmpty() ? target : SchemaUnion.both(this, target, beside, path);
        }
    }

    /** Returns the list under a keyword. */
    static JsonArray list(JsonObject schema, String key, String path) {
        JsonElement value = schema.get(key);
        if (value == null || !value.isJsonArray() || value.getAsJsonArray().isEmpty()) {
            throw refuse(path, key + " must be a list that is not empty");
        }
        return value.getAsJsonArray();
    }

    /** Returns the types that a schema admits; empty if it says nothing. */
    static Set<String> types(JsonObject schema, String path) {
        Set<String> types = new LinkedHashSet<>();
        JsonElement type = schema.get("type");
        if (type != null) {
            JsonArray all = new JsonArray();
            if (type.isJsonArray()) {
                all = list(schema, "type", path);
            } else {
                all.add(type);
            }
            for (JsonElement each : all) {
                String name = each.isJsonPrimitive() ? each.getAsString() : "";
                if (!TYPES.contains(name)) {
                    throw refuse(path, "type must be one of " + TYPES);
                }
                types.add(name);
            }
            return types;
        }
        for (var each : OF_TYPE.entrySet()) {
            if (each.getValue().stream().anyMatch(schema::has)) {
                types.add(each.getKey());
            }
        }
        return types;
    }

    /** Returns the only values that a schema admits, or null if it lists none. */
    static @Nullable List<JsonElement> values(JsonObject schema, String path) {
        if (!schema.has("const") && !schema.has("enum")) {
            return null;
        }
        List<JsonElement> values = new ArrayList<>();
        if (schema.has("enum")) {
            values.addAll(list(schema, "enum", path).asList());
        }
        if (schema.has("const")) {
            JsonElement only = schema.get("const");
            boolean admitted =
                    !schema.has("enum") || values.stream().anyMatch(each -> same(each, only));
            values = admitted ? new ArrayList<>(List.of(only)) : new ArrayList<>();
        }
        Set<String> types = types(schema, path);
        values.removeIf(
                each -> !types.isEmpty() && types.stream().noneMatch(type -> isOfType(each, type)));
        return values;
    }

    static boolean isOfType(JsonElement value, String type) {
        String own = typeOf(value);
        if (own.equals("number") && type.equals("integer")) {
            BigDecimal number = new BigDecimal(value.getAsString());
            return Math.abs((long) number.scale()) < 400
                    && number.stripTrailingZeros().scale() <= 0;
        }
        return own.equals(type);
    }

    private static String typeOf(JsonElement value) {
        if (value.isJsonObject()) {
            return "object";
        }
        if (value.isJsonArray()) {
            return "array";
        }
        if (value.isJsonNull()) {
            return "null";
        }
        JsonPrimitive primitive = value.getAsJsonPrimitive();
        return primitive.isString() ? "string" : primitive.isBoolean() ? "boolean" : "number";
    }

    /** Whether two values are equal as JSON Schema compares them. */
    static boolean same(JsonElement a, JsonElement b) {
        boolean numbers = typeOf(a).equals("number") && typeOf(b).equals("number");
        return numbers
                ? new BigDecimal(a.getAsString()).compareTo(new BigDecimal(b.getAsString())) == 0
                : a.equals(b);
    }
}
