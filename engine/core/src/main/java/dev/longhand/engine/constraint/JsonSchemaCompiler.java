package dev.longhand.engine.constraint;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Json;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Adds the texts that a JSON schema describes to an automaton. The automaton may describe fewer
 * texts than the schema, but no others; a keyword that this class does not enforce is refused.
 */
final class JsonSchemaCompiler {
    private static final int LENGTH_MAX = Automaton.NODES_MAX;

    private final Automaton.Builder builder;
    private final JsonRules rules;
    private final Schemas schemas;
    private final Map<String, Integer> definitions = new HashMap<>(); // first nodes of rules
    private Set<String> unread = new HashSet<>(); // references since the last byte
    private int referenceDepth;

    JsonSchemaCompiler(Automaton.Builder builder, JsonRules rules, JsonElement root) {
        this.builder = builder;
        this.rules = rules;
        schemas = new Schemas(root);
    }

    /** Parses the text of a schema. */
    static JsonElement parse(String source, String text) {
        try {
            return Json.parse(source, text.getBytes(StandardCharsets.UTF_8));
        } catch (InputException e) {
            throw new AnswerFormatException(String.valueOf(e.getMessage()));
        }
    }

    /** Adds a schema; returns the end of its texts. */
    int add(JsonElement schema, String path, int from) {
        boolean truth = schema.isJsonPrimitive() && schema.getAsJsonPrimitive().isBoolean();
        if (truth) {
            if (!schema.getAsBoolean()) {
                throw Schemas.refuse(path, "no value is allowed");
            }
            return call(from, rules.value());
        }
        JsonObject constraints = schemas.constraints(schema, path);
        String reference = Schemas.reference(constraints, path);
        if (reference != null) {
            return constraints.size() == 1
                    ? addReference(reference, path, from)
                    : addConstraints(schemas.resolved(schema, path), path, from);
        }
        return addConstraints(constraints, path, from);
    }

    private int call(int from, int rule) {
        int to = builder.node();
        builder.call(from, rule, to);
        return to;
    }

    private int addReference(String reference, String path, int from) {
        if (!unread.add(reference)) {
            throw Schemas.refuse(path, "$ref refers to itself");
        }
        Integer known = definitions.get(reference);
        int rule = known == null ? builder.node() : known;
        if (known == null) {
            definitions.put(reference, rule);
            referenceDepth++;
            builder.returnAt(add(schemas.resolve(reference, path), reference, rule));
            referenceDepth--;
        }
        unread.remove(reference);
        return call(from, rule);
    }

    private int addConstraints(JsonObject schema, String path, int from) {
        for (String key : Schemas.COMBINING) {
            if (schema.has(key)) {
                JsonObject rest = schema.deepCopy();
                rest.remove(key);
                JsonArray parts = Schemas.list(schema, key, path);
                if (Schemas.COMBINING.stream().anyMatch(rest::has)) {
                    throw Schemas.refuse(path, key + " beside a keyword like it");
                }
                return key.equals("allOf")
                        ? addAll(rest, parts, path, from)
                        : addOne(rest, key, parts, path, from);
            }
        }
        List<JsonElement> values = Schemas.values(schema, path);
        if (values != null) {
            return addValues(schema, values, path, from);
        }
        Set<String> types = Schemas.types(schema, path);
        if (types.isEmpty()) {
            return call(from, rules.value());
        }
        int to = builder.node();
        for (String type : types) {
            if (!(type.equals("integer") && types.contains("number"))) {
                int start = builder.node();
                builder.empty(from, start);
                builder.empty(addType(type, schema, path, start), to);
            }
        }
        return to;
    }

    private int addAll(JsonObject rest, JsonArray parts, String path, int from) {
        JsonObject together = rest;
        for (JsonElement part : parts) {
            together = SchemaUnion.both(schemas, together, schemas.resolved(part, path), path);
        }
        return addConstraints(together, path, from);
    }

    private int addOne(JsonObject rest, String key, JsonArray parts, String path, int from) {
        for (int i = 0; key.equals("oneOf") && i < parts.size(); i++) {
            for (int j = 0; j < i; j++) {
                schemas.visit(path);
                if (!SchemaUnion.disjoint(schemas, parts.get(i), parts.get(j), path)) {
                    throw Schemas.refuse(
                            path,
                            "oneOf: a value may satisfy both %d and %d; use anyOf".formatted(j, i));
                }
            }
        }
        int to = builder.node();
        for (int i = 0; i < parts.size(); i++) {
            String at = "%s.%s[%d]".formatted(path, key, i);
            int start = builder.node();
            builder.empty(from, start);
            int end =
                    rest.isEmpty()
                            ? add(parts.get(i), at, start)
                            : addConstraints(
                                    SchemaUnion.both(
                                            schemas, rest, schemas.resolved(parts.get(i), at), at),
                                    at,
                                    start);
            builder.empty(end, to);
        }
        return to;
    }

    private int addValues(JsonObject schema, List<JsonElement> values, String path, int from) {
        for (String key : schema.keySet()) {
            if (!Set.of("const", "enum", "type").contains(key)) {
                throw Schemas.refuse(path, key + " beside enum or const is not supported");
            }
        }
        if (values.isEmpty()) {
            throw Schemas.refuse(path, "no value is allowed");
        }
        int to = builder.node();
        LiteralTree tree = new LiteralTree(builder, from, to);
        for (JsonElement value : values) {
            tree.add(JsonText.of(value));
        }
        return to;
    }

    private int addType(String type, JsonObject schema, String path, int from) {
        return switch (type) {
            case "object" -> addContainer(schema, path, from, true);
            case "array" -> addContainer(schema, path, from, false);
            case "string" -> addString(schema, path, from);
            case "integer" -> Numbers.read(schema, path).addIntegers(builder, rules, from, path);
            case "number" -> Numbers.read(schema, path).addNumbers(builder, rules, from, path);
            case "boolean" -> {
                int to = builder.node();
                builder.empty(builder.text(from, "true"), to);
                builder.empty(builder.text(from, "false"), to);
                yield to;
            }
            default -> builder.text(from, "null");
        };
    }

    /** Adds an object or array; within a definition it is a rule, so that nesting is limited. */
    private int addContainer(JsonObject schema, String path, int from, boolean object) {
        Set<String> outside = unread;
        unread = new HashSet<>();
        int start = referenceDepth == 0 ? from : builder.node();
        int end = object ? addObject(schema, path, start) : addArray(schema, path, start);
        unread = outside;
        if (referenceDepth == 0) {
            return end;
        }
        builder.returnAt(end);
        int to = builder.node();
        builder.nestedCall(from, start, to);
        return to;
    }

    private int addObject(JsonObject schema, String path, int from) {
        SchemaObject object = new SchemaObject(builder, rules, schema, path);
        if (object.free()) {
            return call(from, rules.object());
        }
        return object.add(from, (value, name, at) -> add(value, path + "." + name, at));
    }

    private int addArray(JsonObject schema, String path, int from) {
        int least = length(schema, "minItems", path, 0);
        int most = length(schema, "maxItems", path, -1);
        JsonArray first =
                schema.has("prefixItems")
                        ? Schemas.list(schema, "prefixItems", path)
                        : new JsonArray();
        JsonElement items = schema.get("items");
        boolean closed = items != null && items.isJsonPrimitive() && !items.getAsBoolean();
        if (closed && (most < 0 || most > first.size())) {
            most = first.size();
        }
        if (most >= 0 && most < least) {
            throw Schemas.refuse(path, "no array has so many items and so few");
        }
        int at = rules.addSpace(builder.text(from, "["));
        int end = builder.node();
        int close = builder.node();
        builder.bytes(close, ']', ']', end);
        if (least == 0) {
            builder.empty(at, close);
        }
        int listed = most < 0 ? Math.max(least, first.size()) : most;
        for (int i = 0; i < listed; i++) {
            JsonElement schemaOf = i < first.size() ? first.get(i) : items;
            at = addItem(schemaOf, path + "[" + i + "]", i == 0 ? at : comma(at));
            if (i + 1 >= least) {
                builder.empty(rules.addSpace(at), close);
            }
        }
        if (most < 0) {
            int item = builder.node();
            builder.empty(listed == 0 ? at : comma(at), item);
            int done = addItem(items, path + "[]", item);
            builder.empty(comma(done), item);
            builder.empty(rules.addSpace(done), close);
        }
        return end;
    }

    private int comma(int from) {
        return rules.addSpace(builder.text(from, ","));
    }

    private int addItem(@Nullable JsonElement schema, String path, int from) {
        return schema == null ? call(from, rules.value()) : add(schema, path, from);
    }

    private int addString(JsonObject schema, String path, int from) {
        int least = length(schema, "minLength", path, 0);
        int most = length(schema, "maxLength", path, -1);
        if (most >= 0 && most < least) {
            throw Schemas.refuse(path, "minLength is larger than maxLength");
        }
        RegularExpression expression = expression(schema, path);
        if (expression != null) {
            boolean implied = expression.shortest() >= least;
            if (!implied || (most >= 0 && expression.longest() > most)) {
                throw Schemas.refuse(
                        path, "pattern or format does not imply minLength and maxLength");
            }
            return addQuoted(expression, from);
        }
        if (least == 0 && most < 0) {
            return call(from, rules.string());
        }
        int at = builder.text(from, "\"");
        for (int i = 0; i < least; i++) {
            at = call(at, rules.character());
        }
        if (most < 0) {
            return call(at, rules.stringRest());
        }
        int end = builder.node();
        builder.bytes(at, '"', '"', end);
        for (int i = least; i < most; i++) {
            at = call(at, rules.character());
            builder.bytes(at, '"', '"', end);
        }
        return end;
    }

    /** The expression of a pattern, beside which a format is an annotation, or of a format. */
    private static @Nullable RegularExpression expression(JsonObject schema, String path) {
        if (schema.has("pattern")) {
            return RegexParser.parseSearch(path + ": pattern", text(schema, "pattern", path));
        }
        if (!schema.has("format")) {
            return null;
        }
        String format = text(schema, "format", path);
        String expression = StringFormats.EXPRESSIONS.get(format);
        if (expression == null) {
            throw Schemas.refuse(path, "format " + format + " is not supported");
        }
        return RegexParser.parse(path, expression);
    }

    private int addQuoted(RegularExpression expression, int from) {
        int start = builder.text(from, "\"");
        return builder.text(expression.add(builder, rules::addCharacter, start), "\"");
    }

    private static String text(JsonObject schema, String key, String path) {
        JsonElement value = Objects.requireNonNull(schema.get(key));
        if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
            throw Schemas.refuse(path, key + " must be a text");
        }
        return value.getAsString();
    }

    private static int length(JsonObject schema, String key, String path, int absent) {
        JsonElement value = schema.get(key);
        if (value == null) {
            return absent;
        }
        double number =
                value.isJsonPrimitive() && value.getAsJsonPrimitive().isNumber()
                        ? value.getAsDouble()
                        : -1;
        if (number < 0 || number != Math.rint(number)) {
            throw Schemas.refuse(path, key + " must be a whole number of 0 or more");
        }
        if (number > LENGTH_MAX) {
            throw Schemas.refuse(path, key + " is larger than " + LENGTH_MAX);
        }
        return (int) number;
    }
}
