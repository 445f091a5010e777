package dev.longhand.engine.constraint;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import org.jspecify.annotations.Nullable;

import java.math.BigDecimal;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Schemas that must hold together, and schemas of which no two may hold. */
final class SchemaUnion {
    private static final int DEPTH_MAX = 32;

    private SchemaUnion() {}

    /** Returns a schema that holds where both hold; both without annotations. */
    static JsonObject both(Schemas schemas, JsonObject first, JsonObject second, String path) {
        schemas.visit(path);
        requireSameObject(first, second, path);
        requireSameObject(second, first, path);
        JsonObject result = first.deepCopy();
        for (Map.Entry<String, JsonElement> each : second.entrySet()) {
            String key = each.getKey();
            JsonElement other = result.get(key);
            if (other == null || other.equals(each.getValue())) {
                result.add(key, each.getValue());
            } else {
                result.add(key, combined(schemas, key, other, each.getValue(), path));
            }
        }
        return result;
    }

    private static JsonElement combined(
            Schemas schemas, String key, JsonElement first, JsonElement second, String path) {
        return switch (key) {
            case "properties" -> properties(schemas, first, second, path);
            case "required" -> required(first, second, path);
            case "type" -> type(first, second, path);
            case "minimum", "exclusiveMinimum", "minLength", "minItems" ->
                    larger(first, second, path) ? first : second;
            case "maximum", "exclusiveMaximum", "maxLength", "maxItems" ->
                    larger(first, second, path) ? second : first;
            default ->
                    throw Schemas.refuse(
                            path, "two different values of " + key + " cannot be combined");
        };
    }

    /** An object that is closed for the one schema must not get properties from the other. */
    private static void requireSameObject(JsonObject closed, JsonObject other, String path) {
        JsonElement more = closed.get("additionalProperties");
        JsonElement added = other.get("properties");
        boolean open = more == null || more.equals(new JsonPrimitive(true));
        if (!open && added != null && added.isJsonObject()) {
            JsonElement own = closed.get("properties");
            for (String name : added.getAsJsonObject().keySet()) {
                if (own == null || !own.isJsonObject() || !own.getAsJsonObject().has(name)) {
                    throw Schemas.refuse(
                            path, "additionalProperties cannot be combined with other properties");
                }
            }
        }
    }

    private static JsonElement properties(
            Schemas schemas, JsonElement first, JsonElement second, String path) {
        if (!first.isJsonObject() || !second.isJsonObject()) {
            throw Schemas.refuse(path, "properties must be an object");
        }
        JsonObject result = first.getAsJsonObject().deepCopy();
        for (Map.Entry<String, JsonElement> each : second.getAsJsonObject().entrySet()) {
            JsonElement other = result.get(each.getKey());
            String at = path + "." + each.getKey();
            if (other == null) {
                result.add(each.getKey(), each.getValue());
            } else if (!other.equals(each.getValue())) {
                result.add(
                        each.getKey(),
                        both(
                                schemas,
                                schemas.constraints(other, at),
                                schemas.constraints(each.getValue(), at),
                                at));
            }
        }
        return result;
    }

    private static JsonElement required(JsonElement first, JsonElement second, String path) {
        if (!first.isJsonArray() || !second.isJsonArray()) {
            throw Schemas.refuse(path, "required must be a list");
        }
        Set<JsonElement> names = new LinkedHashSet<>(first.getAsJsonArray().asList());
        names.addAll(second.getAsJsonArray().asList());
        JsonArray result = new JsonArray();
        names.forEach(result::add);
        return result;
    }

    private static JsonElement type(JsonElement first, JsonElement second, String path) {
        JsonObject holder = new JsonObject();
        holder.add("type", first);
        Set<String> left = Schemas.types(holder, path);
        holder.add("type", second);
        JsonArray result = new JsonArray();
        for (String each : Schemas.types(holder, path)) {
            if (left.contains(each) || (each.equals("integer") && left.contains("number"))) {
                result.add(each);
            } else if (each.equals("number") && left.contains("integer")) {
                result.add("integer");
            }
        }
        if (result.isEmpty()) {
            throw Schemas.refuse(path, "types that exclude each other");
        }
        return result;
    }

    private static boolean larger(JsonElement first, JsonElement second, String path) {
        for (JsonElement each : List.of(first, second)) {
            if (!each.isJsonPrimitive() || !each.getAsJsonPrimitive().isNumber()) {
                throw Schemas.refuse(path, "a limit must be a number");
            }
        }
        return new BigDecimal(first.getAsString()).compareTo(new BigDecimal(second.getAsString()))
                > 0;
    }

    /** Whether no value can satisfy both schemas, as far as this is easily seen. */
    static boolean disjoint(Schemas schemas, JsonElement first, JsonElement second, String path) {
        return disjoint(schemas, first, second, path, 0);
    }

    private static boolean disjoint(
            Schemas schemas, JsonElement first, JsonElement second, String path, int depth) {
        if (depth > DEPTH_MAX || !first.isJsonObject() || !second.isJsonObject()) {
            return false;
        }
        JsonObject a = schemas.resolved(first, path);
        JsonObject b = schemas.resolved(second, path);
        for (String key : List.of("anyOf", "oneOf")) {
            if (a.has(key)) {
                return allDisjoint(schemas, Schemas.list(a, key, path), b, path, depth + 1);
            }
            if (b.has(key)) {
                return allDisjoint(schemas, Schemas.list(b, key, path), a, path, depth + 1);
            }
        }
        List<JsonElement> values = Schemas.values(a, path);
        List<JsonElement> others = Schemas.values(b, path);
        if (values != null && others != null) {
            return values.stream()
                    .noneMatch(v -> others.stream().anyMatch(o -> Schemas.same(v, o)));
        }
        if (values != null) {
            return excluded(values, b, path);
        }
        if (others != null) {
            return excluded(others, a, path);
        }
        Set<String> types = Schemas.types(a, path);
        Set<String> otherTypes = Schemas.types(b, path);
        if (types.isEmpty() || otherTypes.isEmpty() || !a.has("type") || !b.has("type")) {
            return tagged(schemas, a, b, path, depth);
        }
        boolean overlap =
                types.stream()
                        .anyMatch(each -> otherTypes.stream().anyMatch(o -> overlap(each, o)));
        return !overlap || tagged(schemas, a, b, path, depth);
    }

    private static boolean allDisjoint(
            Schemas schemas, JsonArray parts, JsonObject other, String path, int depth) {
        for (JsonElement part : parts) {
            if (!disjoint(schemas, part, other, path, depth)) {
                return false;
            }
        }
        return true;
    }

    private static boolean excluded(List<JsonElement> values, JsonObject schema, String path) {
        Set<String> types = Schemas.types(schema, path);
        return schema.has("type")
                && values.stream()
                        .noneMatch(
                                each ->
                                        types.stream()
                                                .anyMatch(type -> Schemas.isOfType(each, type)));
    }

    private static boolean overlap(String a, String b) {
        return a.equals(b)
                || (a.equals("integer") && b.equals("number"))
                || (a.equals("number") && b.equals("integer"));
    }

    /** Whether both are objects with a required property whose values exclude each other. */
    private static boolean tagged(
            Schemas schemas, JsonObject a, JsonObject b, String path, int depth) {
        boolean objects =
                Schemas.types(a, path).equals(Set.of("object"))
                        && Schemas.types(b, path).equals(Set.of("object"));
        if (!objects) {
            return false;
        }
        for (String name : SchemaObject.requiredNames(a, path)) {
            JsonElement own = property(a, name);
            JsonElement other = property(b, name);
            if (own != null
                    && other != null
                    && SchemaObject.requiredNames(b, path).contains(name)
                    && disjoint(schemas, own, other, path, depth + 1)) {
                return true;
            }
        }
        return false;
    }

    private static @Nullable JsonElement property(JsonObject schema, String name) {
        JsonElement properties = schema.get("properties");
        return properties == null || !properties.isJsonObject()
                ? null
                : properties.getAsJsonObject().get(name);
    }
}
