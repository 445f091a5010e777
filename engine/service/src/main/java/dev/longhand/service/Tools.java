package dev.longhand.service;

import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.AnswerFormat;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The functions of a request in the format of OpenAI's chat completions.
 *
 * @param schemas functions that the chat template lists in the prompt; none for tool choice "none"
 * @param forced functions of which one must be called; none if the model may answer otherwise
 * @param parallel whether an answer may have several calls
 */
public record Tools(List<String> schemas, List<String> forced, boolean parallel) {
    /** No functions. */
    public static final Tools NONE = new Tools(List.of(), List.of(), true);

    /** Parses the fields {@code tools}, {@code tool_choice} and {@code parallel_tool_calls}. */
    public static Tools read(Settings body) {
        Map<String, String> tools = new LinkedHashMap<>(); // by name
        List<String> all = new ArrayList<>();
        for (Settings tool : body.objects("tools")) {
            if (!tool.string("type").orElse("function").equals("function")) {
                throw tool.refuse("type", "must be \"function\"");
            }
            String name = tool.object("function").flatMap(each -> each.string("name")).orElse("");
            if (name.isEmpty()) {
                throw tool.refuse("function", "has no name");
            }
            RequestFields.requireUnicode(body, "tools", tool.json());
            tools.put(name, tool.json());
            all.add(tool.json());
        }
        boolean parallel = body.bool("parallel_tool_calls", true);
        if (!body.has("tool_choice")) {
            return new Tools(all, List.of(), parallel);
        }
        if (!body.isString("tool_choice")) {
            return new Tools(all, List.of(named(body, tools)), false);
        }
        return switch (body.string("tool_choice").orElseThrow()) {
            case "auto" -> new Tools(all, List.of(), parallel);
            case "none" -> NONE;
            case "required" -> {
                if (all.isEmpty()) {
                    throw body.refuse("tool_choice", "requires a call, but there are no tools");
                }
                yield new Tools(all, all, parallel);
            }
            default ->
                    throw body.refuse(
                            "tool_choice",
                            "must be \"auto\", \"none\", \"required\" or name a function");
        };
    }

    private static String named(Settings body, Map<String, String> tools) {
        Settings choice = body.object("tool_choice").orElseThrow();
        if (!choice.string("type").orElse("function").equals("function")) {
            throw choice.refuse("type", "must be \"function\"");
        }
        String name =
                choice.object("function")
                        .flatMap(each -> each.string("name"))
                        .orElseThrow(() -> choice.refuse("function", "has no name"));
        String tool = tools.get(name);
        if (tool == null) {
            throw choice.refuse("function", "is not among the tools: " + name);
        }
        return tool;
    }

    /**
     * Returns the format of an answer: the forced calls; or the format that the request asks for,
     * where calls of functions that need not be called may stand in place of the answer.
     */
    public @Nullable AnswerFormat format(Settings body) {
        AnswerFormat asked = FormatFields.read(body);
        if (!forced.isEmpty()) {
            return AnswerFormat.toolCalls(forced, parallel);
        }
        return asked == null || schemas.isEmpty()
                ? asked
                : AnswerFormat.oneOf(List.of(asked, AnswerFormat.toolCalls(schemas, parallel)));
    }

    /** Returns the name of the field that the format comes from. */
    public String formatField(Settings body) {
        return forced.isEmpty() ? FormatFields.name(body) : "tools";
    }

    /** Returns the limit for the calls of an answer. */
    public int callsMax() {
        return schemas.isEmpty() ? 0 : parallel ? Integer.MAX_VALUE : 1;
    }
}
