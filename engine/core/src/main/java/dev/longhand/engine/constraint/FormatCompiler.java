package dev.longhand.engine.constraint;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.generation.AnswerFormat;
import dev.longhand.engine.generation.ToolCallForm;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** Compiles answer formats to automata. Time and memory are limited by the number of states. */
final class FormatCompiler {
    private static final int ANY_BYTE = 0xff;

    private final Automaton.Builder builder = new Automaton.Builder();
    private final JsonRules rules = new JsonRules(builder);
    private final ToolCallForm form;

    private FormatCompiler(ToolCallForm form) {
        this.form = form;
    }

    /**
     * Compiles a format.
     *
     * @param form how the model writes calls of functions
     * @param thoughtBegin text that may begin a thought before the answer; null if none comes
     * @throws AnswerFormatException if it cannot be enforced
     */
    static CompiledFormat compile(
            AnswerFormat format, ToolCallForm form, @Nullable String thoughtBegin) {
        return new FormatCompiler(form).compiled(format, thoughtBegin);
    }

    private CompiledFormat compiled(AnswerFormat format, @Nullable String thoughtBegin) {
        int start = builder.node();
        builder.returnAt(add(format, start));
        int thought = -1;
        int first = start;
        if (thoughtBegin != null) {
            first = builder.node();
            builder.empty(first, start);
            thought = builder.text(first, thoughtBegin.getBytes(StandardCharsets.UTF_8));
            builder.bytes(thought, 0, ANY_BYTE, thought);
        }
        return new CompiledFormat(
                builder.build(), first, start, rules.stringRest(), rules.string(), thought);
    }

    private int add(AnswerFormat format, int from) {
        return switch (format) {
            case AnswerFormat.JsonObject() -> {
                int to = builder.node();
                builder.call(from, rules.object(), to);
                yield to;
            }
            case AnswerFormat.JsonSchema(String text) -> {
                JsonElement schema = JsonSchemaCompiler.parse("schema", text);
                yield new JsonSchemaCompiler(builder, rules, schema).add(schema, "schema", from);
            }
            case AnswerFormat.Regex(String text) ->
                    RegexParser.parse("regular expression", text)
                            .add(
                                    builder,
                                    (characters, at, to) -> characters.addUtf8(builder, at, to),
                                    from);
            case AnswerFormat.Choice choice -> {
                int to = builder.node();
                LiteralTree tree = new LiteralTree(builder, from, to);
                choice.texts().forEach(text -> tree.add(text.getBytes(StandardCharsets.UTF_8)));
                yield to;
            }
            case AnswerFormat.OneOf(List<AnswerFormat> formats) -> {
                int to = builder.node();
                for (AnswerFormat each : formats) {
                    int start = builder.node();
                    builder.empty(from, start);
                    builder.empty(add(each, start), to);
                }
                yield to;
            }
            case AnswerFormat.ToolCalls calls -> addCalls(calls, from);
        };
    }

    private int addCalls(AnswerFormat.ToolCalls calls, int from) {
        if (!form.argumentsAreJson()) {
            throw new AnswerFormatException(
                    "the chat template has calls written without JSON, so that they cannot be held"
                            + " to a schema");
        }
        int first = builder.node();
        builder.empty(form.first().isEmpty() ? from : builder.text(from, form.first()), first);
        int named = builder.text(first, form.before());
        int to = builder.node();
        for (String text : calls.tools()) {
            JsonObject function = function(JsonSchemaCompiler.parse("tool", text));
            String name = function.get("name").getAsString();
            int at =
                    form.quoted()
                            ? builder.text(named, JsonRules.quoted(name))
                            : builder.text(named, name);
            at = builder.text(at, form.middle());
            at = addArguments(function, name, at);
            builder.empty(builder.text(at, form.after()), to);
        }
        if (calls.several()) {
            builder.empty(builder.text(to, form.between()), first);
        }
        return form.last().isEmpty() ? to : builder.text(to, form.last());
    }

    private static JsonObject function(JsonElement tool) {
        if (tool.isJsonObject()
                && tool.getAsJsonObject().get("function") instanceof JsonObject function
                && function.get("name") instanceof JsonPrimitive) {
            return function;
        }
        throw new AnswerFormatException("tool: function has no name");
    }

    private int addArguments(JsonObject function, String name, int from) {
        JsonElement schema = function.get("parameters");
        boolean free =
                schema == null
                        || schema.isJsonNull()
                        || (schema.isJsonObject() && schema.getAsJsonObject().isEmpty());
        if (free) {
            int to = builder.node();
            builder.call(from, rules.object(), to);
            return to;
        }
        JsonElement typed = schema;
        if (schema.isJsonObject() && !schema.getAsJsonObject().has("type")) {
            JsonObject object = schema.getAsJsonObject().deepCopy();
            object.add("type", new JsonPrimitive("object"));
            typed = object;
        }
        return new JsonSchemaCompiler(builder, rules, typed)
                .add(typed, "parameters of " + name, from);
    }
}
