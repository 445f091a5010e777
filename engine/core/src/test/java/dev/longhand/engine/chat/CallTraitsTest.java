package dev.longhand.engine.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.SharedFiles;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;
import dev.longhand.engine.generation.ToolCall;
import dev.longhand.engine.generation.ToolCallForm;
import dev.longhand.jinja.Template;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** What templates show of calls, and that a history with calls is rendered as each wants it. */
class CallTraitsTest {
    private static final String EACH_CALL =
            "{% for m in messages %}{% for c in m.tool_calls or [] %}%s{% endfor %}{% endfor %}";

    @TempDir private Path folder;

    private ChatTemplate template(String source) throws IOException {
        Files.writeString(folder.resolve("chat_template.jinja"), source);
        return ChatTemplate.read(folder);
    }

    private static String calls(ChatTemplate template) {
        List<ChatMessage> messages =
                List.of(
                        ChatMessage.user("U"),
                        new ChatMessage(
                                "assistant",
                                null,
                                List.of(new ToolCall("call00000", "add", "{\"a\": 1}"))),
                        ChatMessage.tool("R"));
        return template.render(messages, List.of(), false);
    }

    private void assertForm(ToolCallForm form, String rendered, String call) throws IOException {
        ChatTemplate template = template(EACH_CALL.replace("%s", call));
        assertEquals(form, template.toolCallForm());
        assertEquals(rendered, calls(template));
    }

    @Test
    void eachFormIsKnownByWhatItRenders() throws IOException {
        assertForm(
                ToolCallForm.HERMES,
                "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1}}</tool_call>",
                "<tool_call>{\"name\": \"{{ c.function.name }}\", \"arguments\":"
                        + " {{ c.function.arguments | tojson }}}</tool_call>");
        assertForm(
                ToolCallForm.FUNCTION_XML,
                "<tool_call><function=add><parameter=a>1</parameter></function></tool_call>",
                "<tool_call><function={{ c.function.name }}>{% for k, v in"
                        + " c.function.arguments | items %}<parameter={{ k }}>{{ v }}</parameter>"
                        + "{% endfor %}</function></tool_call>");
        assertForm(
                ToolCallForm.DEEPSEEK,
                "<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n{\"a\": 1}",
                "{{ '<｜tool▁call▁begin｜>' + c.type + '<｜tool▁sep｜>' + c.function.name + '\\n' +"
                        + " c.function.arguments }}");
        assertForm(
                ToolCallForm.LLAMA,
                "{\"name\": \"add\", \"parameters\": {\"a\": 1}}",
                "{{ '{\"name\": \"' + c.function.name + '\", \"parameters\": ' }}"
                        + "{{ c.function.arguments | tojson }}}");
        assertForm(
                ToolCallForm.MISTRAL,
                "[TOOL_CALLS] [{\"name\": \"add\", \"arguments\": {\"a\": 1}, \"id\":"
                        + " \"call00000\"}]",
                "{% if c.id | length != 9 %}{{ raise_exception('9') }}{% endif %}[TOOL_CALLS]"
                        + " [{\"name\": \"{{ c.function.name }}\", \"arguments\":"
                        + " {{ c.function.arguments | tojson }}, \"id\": \"{{ c.id }}\"}]");
    }

    /** A template that renders no calls may still say in its words how to write them. */
    @Test
    void withoutCallsTheSourceTells() throws IOException {
        assertEquals(
                ToolCallForm.MISTRAL,
                template(
                                "{% if messages | length > 1 %}{{ raise_exception('one') }}{% endif"
                                        + " %}Write [TOOL_CALLS].")
                        .toolCallForm());
        assertEquals(ToolCallForm.HERMES, template("{{ messages[0].content }}").toolCallForm());
    }

    /** Content is null or empty as the template can bear it, whichever the client sends. */
    @Test
    void contentIsAsTheTemplateWantsIt() throws IOException {
        String call = "{{ c.function.arguments | tojson }}";
        for (String[] each :
                new String[][] {
                    {"{{ m.content.split('x')[0] }}", "{\"a\": 1}"},
                    {"{% if m.content is none %}none {% endif %}", "none {\"a\": 1}"}
                }) {
            String source =
                    "{% for m in messages %}{% if m.tool_calls %}"
                            + each[0]
                            + "{% for c in m.tool_calls %}"
                            + call
                            + "{% endfor %}{% endif %}{% endfor %}";
            for (String content : new String[] {null, ""}) {
                List<ChatMessage> messages =
                        List.of(
                                ChatMessage.user("U"),
                                new ChatMessage(
                                        "assistant",
                                        content,
                                        List.of(new ToolCall("add", "{\"a\": 1}"))));
                assertEquals(each[1], template(source).render(messages, List.of(), false));
            }
        }
    }

    /** Form, whether arguments and content are texts, and whether the prompt opens a thought. */
    @ParameterizedTest
    @CsvSource({
        "DeepCoder-14B, DEEPSEEK, true, false, true",
        "DeepSeek-R1-Distill-Llama-8B, DEEPSEEK, true, false, true",
        "DeepSeek-R1-Distill-Qwen-1.5B.saved, DEEPSEEK, true, false, true",
        "DeepSeek-R1-Distill-Qwen-32B.mirror, DEEPSEEK, true, false, false",
        "DeepSeek-R1-Distill-Qwen.llamacpp, DEEPSEEK, false, false, false",
        "DeepSeek-R1-Distill-Qwen.rev1, DEEPSEEK, true, false, false",
        "Llama-3.1-8B-Instruct, LLAMA, false, false, false",
        "OpenR1-Distill-7B, HERMES, false, false, false",
        "QwQ-32B-Preview, HERMES, false, false, false",
        "QwQ-32B, HERMES, false, true, true",
        "QwQ-32B.llamacpp, HERMES, false, true, false",
        "QwQ-32B.rev1, HERMES, false, true, true",
        "Qwen2.5-Coder-Instruct, HERMES, false, false, false",
        "Qwen2.5-Instruct, HERMES, false, false, false",
        "Qwen2.5-Instruct.rev1, HERMES, false, false, false",
        "Qwen2.5-Math-Instruct, HERMES, false, false, false",
        "Qwen2.5.training, HERMES, false, false, false",
        "Qwen3-Instruct-2507, HERMES, false, false, false",
        "Qwen3-Thinking, HERMES, false, false, true",
        "Qwen3, HERMES, false, true, false",
        "Qwen3.rev2, HERMES, false, false, false",
        "Qwen3.training, HERMES, false, false, false",
        "gemma-2-it, HERMES, false, false, false",
        "open-r1.R1-Distill-grpo, DEEPSEEK, true, false, false"
    })
    void publishedTemplates(
            String name, ToolCallForm form, boolean arguments, boolean content, boolean opened)
            throws IOException {
        Path source = SharedFiles.require("templates").resolve(name + ".jinja");
        Files.copy(
                source, folder.resolve("chat_template.jinja"), StandardCopyOption.REPLACE_EXISTING);
        ChatTemplate template = ChatTemplate.read(folder);
        assertEquals(
                new CallTraits(form, arguments, content),
                CallTraits.of(Template.compile(Files.readString(source)), Map.of()));
        assertEquals(form, template.toolCallForm());
        String prompt = template.render(List.of(ChatMessage.user("U")), List.of(), true);
        assertEquals(opened, prompt.stripTrailing().endsWith("<think>"), prompt);
        if (name.startsWith("gemma")) {
            return; // it knows no calls
        }
        String rendered = calls(template);
        String written = rendered.substring(rendered.indexOf("add"));
        assertTrue(written.contains(form.middle() + "{\"a\": 1}"), rendered);
        assertTrue(rendered.contains(form.before().strip()), rendered);
    }

    /** Where a template can leave the thought out, it does when it is told to. */
    @ParameterizedTest
    @CsvSource({"QwQ-32B.llamacpp", "DeepSeek-R1-Distill-Qwen.llamacpp", "Qwen3", "Qwen3.rev2"})
    void enableThinking(String name) throws IOException {
        Path templates = SharedFiles.require("templates");
        ChatTemplate template = template(Files.readString(templates.resolve(name + ".jinja")));
        for (boolean thinks : new boolean[] {true, false}) {
            String prompt =
                    template.render(
                                    new Prompt.Chat(
                                            List.of(ChatMessage.user("U")),
                                            List.of(),
                                            new TemplateOptions(
                                                    true,
                                                    false,
                                                    List.of(),
                                                    Map.of(
                                                            "enable_thinking",
                                                            String.valueOf(thinks)))))
                            .text();
            assertEquals(!thinks, prompt.stripTrailing().endsWith("</think>"), prompt);
        }
    }

    @Test
    void argumentsThatAreNoJsonAreRefused() throws IOException {
        ChatTemplate template = template("{{ messages[0].content }}");
        List<ChatMessage> messages =
                List.of(new ChatMessage("assistant", "", List.of(new ToolCall("add", "{"))));
        InputException refused =
                assertThrows(
                        InputException.class, () -> template.render(messages, List.of(), false));
        assertTrue(refused.getMessage().startsWith("tool call: "), refused.getMessage());
    }
}
