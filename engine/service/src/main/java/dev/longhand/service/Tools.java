package dev.longhand.service;

import dev.longhand.engine.file.Settings;

import java.util.ArrayList;
import java.util.List;

/** Parses the functions of a request in the format of OpenAI's chat completions. */
public final class Tools {
    private Tools() {}

    /**
     * Parses the functions that the chat template lists in the prompt; none for tool choice "none".
     */
    public static List<String> read(Settings body) {
        List<String> tools = new ArrayList<>();
        for (Settings tool : body.objects("tools")) {
            if (!tool.string("type").orElse("function").equals("function")) {
                throw tool.refuse("type", "must be \"function\"");
            }
            if (tool.object("function").flatMap(function -> function.string("name")).isEmpty()) {
                throw tool.refuse("function", "has no name");
            }
            RequestFields.requireUnicode(body, "tools", tool.json());
            tools.add(tool.json());
        }
        if (!body.has("tool_choice")) {
            return tools;
        }
        String choice = body.isString("tool_choice") ? body.string("tool_choice").get() : "";
        return switch (choice) {
            case "auto" -> tools;
            case "none" -> List.of();
            default ->
                    throw body.refuse(
                            "tool_choice", "must be \"auto\" or \"none\"; we force no calls");
        };
    }
}
