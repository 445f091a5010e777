package dev.longhand.service;

import dev.longhand.engine.error.AnswerFormatException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.file.SettingException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.AnswerFormat;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Parses the format of an answer, under the names of OpenAI and vLLM. */
public final class FormatFields {
    /** The fields; both protocols use these names. */
    public static final Set<String> NAMES =
            Set.of(
                    "response_format",
                    "guided_json",
                    "guided_regex",
                    "guided_choice",
                    "structured_outputs");

    private static final Set<String> STRUCTURED = Set.of("json", "json_object", "regex", "choice");

    private FormatFields() {}

    /** Parses the format; returns null if the request leaves the answer free. */
    public static @Nullable AnswerFormat read(Settings request) {
        List<AnswerFormat> formats = new ArrayList<>();
        request.object("response_format").ifPresent(each -> addResponseFormat(each, formats));
        if (request.has("structured_outputs")) {
            Settings options = request.object("structured_outputs").orElseThrow();
            RequestFields.refuseUnknown(options, List.of(STRUCTURED));
            addAll(options, "", formats);
        }
        addAll(request, "guided_", formats);
        if (formats.size() > 1) {
            throw request.refuse(
                    request.keys().stream().filter(NAMES::contains).findFirst().orElseThrow(),
                    "cannot stand beside another format");
        }
        return formats.isEmpty() ? null : formats.getFirst();
    }

    private static void addResponseFormat(Settings format, List<AnswerFormat> formats) {
        String type = format.string("type").orElse("");
        switch (type) {
            case "text" -> RequestFields.refuseUnknown(format, List.of(Set.of("type")));
            case "json_object" -> {
                RequestFields.refuseUnknown(format, List.of(Set.of("type")));
                formats.add(AnswerFormat.jsonObject());
            }
            case "json_schema" -> {
                RequestFields.refuseUnknown(format, List.of(Set.of("type", "json_schema")));
                Settings named =
                        format.object("json_schema")
                                .orElseThrow(() -> format.refuse("json_schema", "is missing"));
                RequestFields.refuseUnknown(
                        named, List.of(Set.of("name", "description", "schema", "strict")));
                named.bool("strict", false);
                formats.add(schema(named, "schema"));
            }
            default ->
                    throw format.refuse(
                            "type", "must be \"text\", \"json_object\" or \"json_schema\"");
        }
    }

    private static void addAll(Settings fields, String prefix, List<AnswerFormat> formats) {
        if (fields.has(prefix + "json")) {
            formats.add(schema(fields, prefix + "json"));
        }
        if (fields.has(prefix + "regex")) {
            String regex = fields.string(prefix + "regex").orElseThrow();
            formats.add(checked(fields, prefix + "regex", () -> AnswerFormat.regex(regex)));
        }
        if (fields.has(prefix + "choice")) {
            List<String> texts = fields.strings(prefix + "choice");
            texts.forEach(text -> RequestFields.requireUnicode(fields, prefix + "choice", text));
            formats.add(checked(fields, prefix + "choice", () -> AnswerFormat.choice(texts)));
        }
        if (prefix.isEmpty() && fields.bool("json_object", false)) {
            formats.add(AnswerFormat.jsonObject());
        }
    }

    /** A schema is an object, or the text of one. */
    private static AnswerFormat schema(Settings fields, String key) {
        String json = fields.isString(key) ? fields.string(key).orElseThrow() : fields.json(key);
        if (json == null) {
            throw fields.refuse(key, "is missing");
        }
        RequestFields.requireUnicode(fields, key, json);
        return checked(fields, key, () -> AnswerFormat.jsonSchema(json));
    }

    private static AnswerFormat checked(
            Settings fields, String key, Supplier<AnswerFormat> format) {
        try {
            return format.get();
        } catch (AnswerFormatException e) {
            throw fields.refuse(key, "is refused: " + e.getMessage());
        }
    }

    /** Returns the name of the field that the format comes from, with the path to it. */
    public static String name(Settings request) {
        if (request.has("structured_outputs")) {
            Settings options = request.object("structured_outputs").orElseThrow();
            return "structured_outputs."
                    + STRUCTURED.stream().filter(options::has).findFirst().orElse("json");
        }
        return Stream.of("guided_json", "guided_regex", "guided_choice")
                .filter(request::has)
                .findFirst()
                .orElse("response_format");
    }

    /** Returns the error for a format that the engine has refused. */
    public static SettingException refusal(String field, AnswerFormatException cause) {
        return new SettingException(
                "request: %s is refused: %s"
                        .formatted(field, ErrorText.escape(String.valueOf(cause.getMessage()))),
                field);
    }
}
