package dev.longhand.engine.chat;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.ErrorText;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.jinja.RenderLimits;
import dev.longhand.jinja.Template;
import dev.longhand.jinja.TemplateException;

import org.jspecify.annotations.Nullable;

import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Chat template of a checkpoint, rendered as transformers renders it. A model with several named
 * templates uses {@code tool_use} for conversations with tools, if there is one. Immutable.
 */
public final class ChatTemplate {
    /** Variables that the conversation itself sets. */
    private static final Set<String> RESERVED =
            Set.of("messages", "tools", "documents", "add_generation_prompt");

    /** A template may repeat messages and spread schemas over lines, but not without end. */
    private static final int GROWTH_MAX = 16;

    private static final int CHARACTERS_LEAST = 1 << 20;
    private static final long STEPS_MAX = 20_000_000;
    private static final int DEPTH_MAX = 100;

    /** What transformers appends to the message to continue; the text before it is the prompt. */
    private static final String CONTINUATION = "CONTINUE_FINAL_MESSAGE_TAG ";

    private static final String FOR_TOOLS = "tool_use";

    private final Map<String, Template> templates;
    private final Map<String, String> specialTokens;
    private final Map<Template, CallTraits> traits = new ConcurrentHashMap<>();

    private ChatTemplate(Map<String, Template> templates, Map<String, String> specialTokens) {
        this.templates = templates;
        this.specialTokens = specialTokens;
    }

    /**
     * Part of a rendered text.
     *
     * @param begin index of its first character
     * @param end index after its last one
     */
    public record Span(int begin, int end) {}

    /**
     * Rendering conversation.
     *
     * @param generated parts that the template marks as written by the model, in order
     */
    public record Rendering(String text, List<Span> generated) {
        public Rendering {
            generated = List.copyOf(generated);
        }
    }

    /**
     * Reads the templates of a model folder: {@code chat_template.jinja}, {@code
     * additional_chat_templates} or {@code tokenizer_config.json}.
     *
     * @throws InputException if there is none, or one is not a template
     */
    public static ChatTemplate read(Path folder) {
        TemplateFiles files = new TemplateFiles(folder);
        return new ChatTemplate(files.templates(), files.specialTokens());
    }

    /**
     * Reads what {@code tokenizer_config.json} says of a model's tokenizer: its {@code
     * tokenizer_class} and the texts of its special tokens, by their keys.
     *
     * @throws InputException if the file is damaged
     */
    public static Map<String, String> tokenizer(Path folder) {
        return new TemplateFiles(folder).tokenizer();
    }

    /**
     * Returns whether a text that is no conversation begins with BOS, if {@code
     * tokenizer_config.json} says so; else the tokenizer's post-processor decides.
     *
     * @throws InputException if the file is damaged
     */
    public static Optional<Boolean> addsBos(Path folder) {
        return new TemplateFiles(folder).addsBos();
    }

    /** Returns the Jinja source of the template that conversations without tools have. */
    public String source() {
        Template usual = templates.get(TemplateFiles.DEFAULT);
        return (usual == null ? templates.values().iterator().next() : usual).source();
    }

    /**
     * Renders a conversation as prompt text.
     *
     * @param messages oldest first, at least one
     * @param tools JSON function schemas, possibly none
     * @param openAnswer whether to end with the opening of the assistant's answer
     * @throws InputException as {@link #render(Prompt.Chat)}
     */
    public String render(List<ChatMessage> messages, List<String> tools, boolean openAnswer) {
        TemplateOptions options = new TemplateOptions(openAnswer, false, List.of(), Map.of());
        return render(new Prompt.Chat(messages, tools, options)).text();
    }

    /**
     * Renders a conversation.
     *
     * @throws InputException if the template refuses it or fails, with the template's words; or if
     *     the options contradict each other
     */
    public Rendering render(Prompt.Chat chat) {
        TemplateOptions options = chat.options();
        if (chat.messages().isEmpty()) {
            throw new InputException("a conversation has at least one message");
        }
        if (options.continueFinal() && options.openAnswer()) {
            throw new InputException(
                    "continue_final_message and add_generation_prompt exclude each other");
        }
        for (String name : options.variables().keySet()) {
            if (RESERVED.contains(name)) {
                throw new InputException("chat_template_kwargs must not set " + name);
            }
        }
        if (!options.continueFinal()) {
            return rendered(chat);
        }
        String mark = mark(chat);
        return continued(rendered(marked(chat, mark)), mark);
    }

    private Rendering rendered(Prompt.Chat chat) {
        Template chosen = template(chat);
        Map<String, @Nullable Object> variables = new LinkedHashMap<>(specialTokens);
        variables.putAll(TemplateValues.variables(chat, traits(chosen)));
        long characters = CHARACTERS_LEAST + GROWTH_MAX * characters(chat);
        RenderLimits limits =
                new RenderLimits(
                        STEPS_MAX, (int) Math.min(characters, Integer.MAX_VALUE), DEPTH_MAX);
        try {
            dev.longhand.jinja.Rendering rendering =
                    chosen.render(variables, limits, Clock.system(ZoneId.systemDefault()));
            return new Rendering(
                    rendering.text(),
                    rendering.generations().stream()
                            .map(span -> new Span(span.begin(), span.end()))
                            .toList());
        } catch (TemplateException e) {
            boolean refused = e.kind() == TemplateException.Kind.RAISED;
            throw new InputException(
                    (refused ? "the chat template refuses this: " : "the chat template fails: ")
                            + ErrorText.line(e.getMessage()),
                    e);
        }
    }

    private Template template(Prompt.Chat chat) {
        Template forTools = templates.get(FOR_TOOLS);
        Template usual = templates.get(TemplateFiles.DEFAULT);
        Template chosen = forTools != null && !chat.tools().isEmpty() ? forTools : usual;
        if (chosen == null) {
            throw new InputException(
                    "the model has the chat templates %s, and none that is the default"
                            .formatted(ErrorText.line(String.join(", ", templates.keySet()))));
        }
        return chosen;
    }

    private CallTraits traits(Template template) {
        return traits.computeIfAbsent(template, each -> CallTraits.of(each, specialTokens));
    }

    /** How the model writes calls of functions; Qwen2.5's way if the templates show none. */
    public ToolCallForm toolCallForm() {
        Template usual = templates.getOrDefault(FOR_TOOLS, templates.get(TemplateFiles.DEFAULT));
        return usual == null ? ToolCallForm.HERMES : traits(usual).form();
    }

    /** Whether the source of a template has a text. */
    public boolean mentions(String text) {
        return templates.values().stream().anyMatch(each -> each.source().contains(text));
    }

    /** Whether any of the templates reads a variable. */
    public boolean reads(String variable) {
        return templates.values().stream().anyMatch(each -> each.names().contains(variable));
    }

    /** Returns a text that no message has. */
    private static String mark(Prompt.Chat chat) {
        String mark = CONTINUATION;
        while (isWritten(chat, mark.strip())) {
            mark = "_" + mark;
        }
        return mark;
    }

    private static boolean isWritten(Prompt.Chat chat, String mark) {
        return chat.messages().stream()
                .anyMatch(
                        message ->
                                Objects.requireNonNullElse(message.content(), "").contains(mark)
                                        || message.fields().values().stream()
                                                .anyMatch(json -> json.contains(mark)));
    }

    private static Prompt.Chat marked(Prompt.Chat chat, String mark) {
        List<ChatMessage> messages = new ArrayList<>(chat.messages());
        ChatMessage last = messages.removeLast();
        if (last.content() == null) {
            throw new InputException(
                    "continue_final_message needs a last message with a text to continue");
        }
        messages.add(
                new ChatMessage(
                        last.role(), last.content() + mark, last.toolCalls(), last.fields()));
        return new Prompt.Chat(messages, chat.tools(), chat.options());
    }

    private static Rendering continued(Rendering rendered, String mark) {
        int end = rendered.text().lastIndexOf(mark.strip());
        if (end < 0) {
            throw new InputException(
                    "continue_final_message is set, but the chat template leaves out the end of the"
                            + " final message");
        }
        boolean whole = rendered.text().startsWith(mark, end);
        String text = rendered.text().substring(0, end);
        String kept = whole ? text : text.stripTrailing(); // as the template trims the message
        return new Rendering(
                kept,
                rendered.generated().stream()
                        .filter(span -> span.begin() < kept.length())
                        .map(span -> new Span(span.begin(), Math.min(span.end(), kept.length())))
                        .toList());
    }

    /** Returns the length of all texts of a conversation, before the template renders them. */
    public static long characters(Prompt.Chat chat) {
        long characters = 0;
        for (ChatMessage message : chat.messages()) {
            characters += Objects.requireNonNullElse(message.content(), "").length();
            characters +=
                    message.toolCalls().stream()
                            .mapToLong(call -> call.name().length() + call.arguments().length())
                            .sum();
            characters += message.fields().values().stream().mapToLong(String::length).sum();
        }
        characters += chat.tools().stream().mapToLong(String::length).sum();
        characters += chat.options().documents().stream().mapToLong(String::length).sum();
        return characters
                + chat.options().variables().values().stream().mapToLong(String::length).sum();
    }
}
