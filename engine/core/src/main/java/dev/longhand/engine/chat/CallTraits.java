package dev.longhand.engine.chat;

import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.jinja.RenderLimits;
import dev.longhand.jinja.Template;
import dev.longhand.jinja.TemplateException;

import org.jspecify.annotations.Nullable;

import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * How a template takes calls in a history, and how it writes them. Templates do not say; rendering
 * a small conversation shows it.
 *
 * @param form how the model writes calls
 * @param argumentsAsText whether the template wants the arguments as a text of JSON, not an object
 * @param contentAsText whether it wants an empty text as the content of a message that only calls,
 *     not null
 */
record CallTraits(ToolCallForm form, boolean argumentsAsText, boolean contentAsText) {
    private static final String NAME = "probed_function";
    private static final String KEY = "probed_argument";
    private static final String SCHEMA_NAME = "listed_function";
    private static final Pattern ARGUMENTS =
            Pattern.compile("\"" + KEY + "\": ?\"x\"|=" + KEY + ">");
    private static final Pattern LLAMA =
            Pattern.compile("\"name\": ?\"" + NAME + "\", ?\"parameters\"");

    /** Finds the traits of a template; those of Qwen2.5's if it shows none. */
    static CallTraits of(Template template, Map<String, String> specialTokens) {
        for (boolean text : new boolean[] {false, true}) {
            for (boolean arguments : new boolean[] {false, true}) {
                String rendered =
                        rendered(
                                template,
                                specialTokens,
                                new CallTraits(ToolCallForm.HERMES, arguments, text));
                if (rendered != null && ARGUMENTS.matcher(rendered).find()) {
                    return new CallTraits(form(rendered + template.source()), arguments, text);
                }
            }
        }
        return new CallTraits(form(template.source()), false, false);
    }

    private static @Nullable String rendered(
            Template template, Map<String, String> specialTokens, CallTraits traits) {
        Map<String, @Nullable Object> variables = new LinkedHashMap<>(specialTokens);
        variables.put("messages", traits.conversation());
        variables.put("tools", List.of(schema()));
        variables.put("documents", null);
        variables.put("add_generation_prompt", false);
        try {
            return template.render(variables, RenderLimits.DEFAULT, Clock.systemUTC()).text();
        } catch (TemplateException e) {
            return null; // it wants something else
        }
    }

    private static Map<String, Object> schema() {
        return Map.of(
                "type",
                "function",
                "function",
                Map.of("name", SCHEMA_NAME, "description", "", "parameters", Map.of()));
    }

    private List<Object> conversation() {
        Map<String, Object> arguments = Map.of(KEY, "x");
        Map<String, Object> function =
                Map.of(
                        "name",
                        NAME,
                        "arguments",
                        argumentsAsText ? "{\"" + KEY + "\": \"x\"}" : arguments);
        Map<String, @Nullable Object> calling = new LinkedHashMap<>();
        calling.put("role", "assistant");
        calling.put("content", contentAsText ? "" : null);
        calling.put(
                "tool_calls",
                List.of(Map.of("id", "probed000", "type", "function", "function", function)));
        List<Object> messages = new ArrayList<>();
        messages.add(Map.of("role", "user", "content", "x"));
        messages.add(calling);
        messages.add(Map.of("role", "tool", "content", "x", "tool_call_id", "probed000"));
        return messages;
    }

    private static ToolCallForm form(String text) {
        if (text.contains("<tool_call>")) {
            return text.contains("<function=") ? ToolCallForm.FUNCTION_XML : ToolCallForm.HERMES;
        }
        if (text.contains("<｜tool▁call▁begin｜>")) {
            return ToolCallForm.DEEPSEEK;
        }
        if (text.contains("[TOOL_CALLS]")) {
            return ToolCallForm.MISTRAL;
        }
        return LLAMA.matcher(text).find() ? ToolCallForm.LLAMA : ToolCallForm.HERMES;
    }
}
