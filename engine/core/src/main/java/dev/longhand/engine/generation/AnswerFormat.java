package dev.longhand.engine.generation;

import dev.longhand.engine.error.AnswerFormatException;

import java.util.List;

/**
 * A format that an answer is held to: the sampler takes only tokens with which the answer stays in
 * the format, and the answer ends with it. A thought before the answer is free. If {@code
 * max-tokens} cuts the answer, it is the beginning of one.
 *
 * <p>The engine refuses a format that it cannot enforce with {@link AnswerFormatException}, when
 * the request is submitted.
 */
public sealed interface AnswerFormat {
    /** Limit for the text of a schema or expression, in characters. */
    int CHARACTERS_MAX = 1 << 18;

    /** Limit for the texts of a choice. */
    int CHOICES_MAX = 4096;

    /** A JSON object. */
    record JsonObject() implements AnswerFormat {}

    /**
     * JSON that a schema describes.
     *
     * @param schema JSON Schema, 2020-12
     */
    record JsonSchema(String schema) implements AnswerFormat {
        public JsonSchema {
            requireLength(schema, "the schema");
        }
    }

    /**
     * A text that a regular expression matches as a whole.
     *
     * @param expression in the syntax of ECMAScript
     */
    record Regex(String expression) implements AnswerFormat {
        public Regex {
            requireLength(expression, "the regular expression");
        }
    }

    /**
     * One of several texts.
     *
     * @param texts at least one, none empty
     */
    record Choice(List<String> texts) implements AnswerFormat {
        public Choice {
            texts = List.copyOf(texts);
            if (texts.isEmpty() || texts.size() > CHOICES_MAX) {
                throw new AnswerFormatException(
                        "a choice has 1 to %d texts, not %d".formatted(CHOICES_MAX, texts.size()));
            }
            if (texts.stream().anyMatch(String::isEmpty)) {
                throw new AnswerFormatException("a text of a choice is empty");
            }
        }
    }

    /**
     * Calls of functions, in the form that the model's chat template shows.
     *
     * @param tools JSON function schemas, as in OpenAI's {@code tools}, at least one
     * @param several whether a call may follow a call
     */
    record ToolCalls(List<String> tools, boolean several) implements AnswerFormat {
        public ToolCalls {
            tools = List.copyOf(tools);
            if (tools.isEmpty()) {
                throw new AnswerFormatException("a forced call needs a function");
            }
            tools.forEach(tool -> requireLength(tool, "a function"));
        }
    }

    /**
     * One of several formats.
     *
     * @param formats at least one
     */
    record OneOf(List<AnswerFormat> formats) implements AnswerFormat {
        public OneOf {
            formats = List.copyOf(formats);
            if (formats.isEmpty()) {
                throw new AnswerFormatException("there is no format to choose from");
            }
        }
    }

    /** Any JSON object. */
    static AnswerFormat jsonObject() {
        return new JsonObject();
    }

    /** JSON that a schema describes. */
    static AnswerFormat jsonSchema(String schema) {
        return new JsonSchema(schema);
    }

    /** A text that a regular expression matches as a whole. */
    static AnswerFormat regex(String expression) {
        return new Regex(expression);
    }

    /** One of several texts. */
    static AnswerFormat choice(List<String> texts) {
        return new Choice(texts);
    }

    /** A call of one of these functions, or several calls. */
    static AnswerFormat toolCalls(List<String> tools, boolean several) {
        return new ToolCalls(tools, several);
    }

    /** An answer in one of these formats. */
    static AnswerFormat oneOf(List<AnswerFormat> formats) {
        return new OneOf(formats);
    }

    private static void requireLength(String text, String what) {
        if (text.length() > CHARACTERS_MAX) {
            throw new AnswerFormatException(
                    "%s has more than %d characters".formatted(what, CHARACTERS_MAX));
        }
    }
}
