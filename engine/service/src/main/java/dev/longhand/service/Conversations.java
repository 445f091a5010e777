package dev.longhand.service;

import dev.longhand.engine.chat.ConversationReader;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Parses conversations with their tools and what else the chat template is told. */
public final class Conversations {
    private static final String EFFORT = "reasoning_effort";

    /** Fields that the chat template is told; both protocols use these names, which are vLLM's. */
    public static final Set<String> OPTIONS =
            Stream.concat(ConversationReader.OPTIONS.stream(), Stream.of(EFFORT))
                    .collect(Collectors.toUnmodifiableSet());

    private Conversations() {}

    /** Parses the fields of a conversation. */
    public static Prompt.Chat read(Settings body, Dialect dialect) {
        return new Prompt.Chat(
                Messages.read(body, dialect), Tools.read(body).schemas(), options(body));
    }

    /** Parses {@code chat_template_kwargs}, for answers that the template opens. */
    public static TemplateOptions template(Settings settings) {
        return new TemplateOptions(true, false, List.of(), ConversationReader.variables(settings));
    }

    /**
     * Parses the options. An effort is told to templates that know one. With the effort "none",
     * those that can leave out the thought do so; with another, those that would leave it out have
     * one.
     */
    private static TemplateOptions options(Settings body) {
        TemplateOptions given = ConversationReader.options(body);
        given.variables()
                .values()
                .forEach(json -> RequestFields.requireUnicode(body, "chat_template_kwargs", json));
        given.documents().forEach(json -> RequestFields.requireUnicode(body, "documents", json));
        if (!body.isString(EFFORT)) {
            return given;
        }
        String effort = body.string(EFFORT).orElseThrow();
        Map<String, String> variables = new HashMap<>();
        variables.put("enable_thinking", String.valueOf(!effort.equals("none")));
        variables.put(EFFORT, String.valueOf(body.json(EFFORT)));
        variables.putAll(given.variables());
        return new TemplateOptions(
                given.openAnswer(), given.continueFinal(), given.documents(), variables);
    }
}
