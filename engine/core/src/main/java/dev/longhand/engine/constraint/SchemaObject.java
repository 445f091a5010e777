package dev.longhand.engine.constraint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * An object of a schema. Its properties are written in the order of the schema; further ones, if
 * {@code additionalProperties} admits them, follow. A schema with properties that does not mention
 * {@code additionalProperties} gets no further ones.
 */
final class SchemaObject {
    private final Automaton.Builder builder;
    private final JsonRules rules;
    private final Map<String, JsonElement> properties = new LinkedHashMap<>();
    private final Set<String> required;
    private final @Nullable JsonElement further; // the schema of further properties

    /** Adds the value of a property; returns its end. */
    interface ValueAdder {
        int add(JsonElement schema, String name, int from);
    }

    SchemaObject(Automaton.Builder builder, JsonRules rules, JsonObject schema, String path) {
        this.builder = builder;
        this.rules = rules;
        required = requiredNames(schema, path);
        JsonElement listed = schema.get("properties");
        if (listed != null && !listed.isJsonObject()) {
            throw Schemas.refuse(path, "properties must be an object");
        }
        if (listed != null) {
            listed.getAsJsonObject()
                    .entrySet()
                    .forEach(e -> properties.put(e.getKey(), e.getValue()));
        }
        JsonElement more = schema.get("additionalProperties");
        boolean closed = more == null ? listed != null : more.equals(new JsonPrimitive(false));
        further = closed ? null : more == null ? new JsonPrimitive(true) : more;
        for (String name : required) {
            if (!properties.containsKey(name)) {
                if (further == null && more != null) {
                    throw Schemas.refuse(
                            path, "additionalProperties forbids " + name + ", which is required");
                }
                properties.put(name, further == null ? new JsonPrimitive(true) : further);
            }
        }
    }

    /** Returns the names that a schema requires. */
    static Set<String> requiredNames(JsonObject schema, String path) {
        Set<String> names = new LinkedHashSet<>();
        JsonElement list = schema.get("required");
        if (list == null) {
            return names;
        }
        if (!list.isJsonArray()) {
            throw Schemas.refuse(path, "required must be a list");
        }
        for (JsonElement each : list.getAsJsonArray()) {
            if (!each.isJsonPrimitive() || !each.getAsJsonPrimitive().isString()) {
                throw Schemas.refuse(path, "required must be a list of names");
            }
            names.add(each.getAsString());
        }
        return names;
    }

    /** Whether the schema says nothing about properties. */
    boolean free() {
        return properties.isEmpty() && further != null && further.equals(new JsonPrimitive(true));
    }

    /** Adds the object to the automaton; returns its end. */
    int add(int from, ValueAdder values) {
        int first = rules.addSpace(builder.text(from, "{")); // no property is written yet
        int next = builder.node(); // after a property
        for (Map.Entry<String, JsonElement> each : properties.entrySet()) {
            String name = each.getKey();
            int afterwards = builder.node();
            int start = builder.node();
            int comma = rules.addSpace(builder.text(next, ","));
            builder.empty(first, start);
            builder.empty(comma, start);
            int named = builder.text(builder.text(start, JsonRules.quoted(name)), ":");
            builder.empty(values.add(each.getValue(), name, rules.addSpace(named)), afterwards);
            int none = builder.node();
            if (!required.contains(name)) {
                builder.empty(first, none);
                builder.empty(next, afterwards);
            }
            first = none;
            next = afterwards;
        }
        if (further != null) {
            int comma = rules.addSpace(builder.text(next, ","));
            int start = builder.node();
            builder.empty(first, start);
            builder.empty(comma, start);
            int named = builder.text(addOtherName(start), ":");
            builder.empty(values.add(further, "additionalProperties", rules.addSpace(named)), next);
        }
        int end = builder.node();
        builder.bytes(first, '}', '}', end);
        builder.bytes(rules.addSpace(next), '}', '}', end);
        return end;
    }

    /** Adds a name that is not among the properties: it differs from them in some character. */
    private int addOtherName(int from) {
        int to = builder.node();
        if (properties.isEmpty()) {
            builder.call(from, rules.string(), to);
            return to;
        }
        Branch tree = new Branch();
        for (String name : properties.keySet()) {
            Branch at = tree;
            for (int character : name.codePoints().toArray()) {
                at = at.below.computeIfAbsent(character, _ -> new Branch());
            }
            at.whole = true;
        }
        addBranch(tree, builder.text(from, "\""), to);
        return to;
    }

    /** The names with one beginning, by their next character. */
    private static final class Branch {
        private final Map<Integer, Branch> below = new HashMap<>();
        private boolean whole;
    }

    private void addBranch(Branch branch, int from, int to) {
        CharacterSet others = CharacterSet.ALL;
        for (Map.Entry<Integer, Branch> each : branch.below.entrySet()) {
            CharacterSet character = CharacterSet.of(each.getKey(), each.getKey());
            others = others.and(character.complement());
            int next = builder.node();
            rules.addCharacter(character, from, next);
            addBranch(each.getValue(), next, to);
        }
        int rest = builder.node();
        rules.addCharacter(others, from, rest);
        builder.call(rest, rules.stringRest(), to);
        if (!branch.whole) {
            builder.bytes(from, '"', '"', to);
        }
    }
}
