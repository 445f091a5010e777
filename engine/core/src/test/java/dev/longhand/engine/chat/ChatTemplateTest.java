package dev.longhand.engine.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;
import dev.longhand.engine.generation.TemplateOptions;
import dev.longhand.engine.generation.ToolCall;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Files of templates, and Qwen2.5's against what Jinja renders, byte for byte. */
class ChatTemplateTest {
    private static final Path DEMO = Goldens.DEMO.resolve("checkpoint");

    @TempDir private Path folder;

    @TestFactory
    Stream<DynamicTest> rendersAsJinjaDoes() {
        ChatTemplate template = ChatTemplate.read(DEMO);
        JsonNode chats =
                Goldens.read(Goldens.FOLDER.resolve("qwen2.5-tokenizer.json")).get("chats");
        assertTrue(chats.size() >= 12);
        return chats.valueStream()
                .map(
                        chat ->
                                DynamicTest.dynamicTest(
                                        chat.get("name").asString(),
                                        () ->
                                                assertEquals(
                                                        chat.get("text").asString(),
                                                        render(template, chat))));
    }

    private static String render(ChatTemplate template, JsonNode chat) {
        return template.render(
                chat.get("messages").valueStream().map(ChatTemplateTest::message).toList(),
                chat.get("tools").valueStream().map(JsonNode::toString).toList(),
                chat.get("add_generation_prompt").asBoolean());
    }

    private static ChatMessage message(JsonNode message) {
        JsonNode content = message.path("content");
        return new ChatMessage(
                message.get("role").asString(),
                content.isString() ? content.asString() : null,
                message.path("tool_calls")
                        .valueStream()
                        .map(call -> call.has("function") ? call.get("function") : call)
                        .map(
                                call ->
                                        new ToolCall(
                                                call.get("name").asString(),
                                                call.get("arguments").toString()))
                        .toList());
    }

    @Test
    void aWrongTemplateIsRefusedByNameAndLine() throws IOException {
        writeConfig("{% for m in messages %}\n{{ m.content | nothing }}{% endfor %}");
        InputException e = assertThrows(InputException.class, () -> ChatTemplate.read(folder));
        assertEquals(
                folder.resolve("tokenizer_config.json")
                        + ": chat template: line 2: No filter named 'nothing'.; use Prompt.Text or"
                        + " Prompt.Ids",
                e.getMessage());
    }

    @Test
    void aFolderWithoutTemplateIsRefused() {
        InputException e = assertThrows(InputException.class, () -> ChatTemplate.read(folder));
        assertEquals(folder + ": no chat template; use Prompt.Text or Prompt.Ids", e.getMessage());
    }

    @Test
    void toolsTakeTheTemplateOfThatName() throws IOException {
        JsonMapper json = new JsonMapper();
        ObjectNode config = json.createObjectNode();
        config.putArray("chat_template")
                .add(json.createObjectNode().put("name", "default").put("template", "plain"))
                .add(json.createObjectNode().put("name", "tool_use").put("template", "tools"));
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        List<ChatMessage> hi = List.of(ChatMessage.user("Hi"));
        ChatTemplate template = ChatTemplate.read(folder);
        assertEquals("plain", template.render(hi, List.of(), true));
        assertEquals("tools", template.render(hi, List.of("{}"), true));
        Files.writeString(folder.resolve("chat_template.jinja"), "own");
        Path others = Files.createDirectory(folder.resolve("additional_chat_templates"));
        Files.writeString(others.resolve("tool_use.jinja"), "own tools");
        assertEquals("own tools", ChatTemplate.read(folder).render(hi, List.of("{}"), true));
        assertEquals("own", ChatTemplate.read(folder).render(hi, List.of(), true));
    }

    @Test
    void optionsReachTheTemplate() throws IOException {
        Files.writeString(
                folder.resolve("tokenizer_config.json"),
                """
                {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "chat_template":
                "{{ bos_token }}{{ documents[0].title }}|{{ effort }}|{{ messages[0].name }}|{{
                messages[0].content }}{{ eos_token if not add_generation_prompt }}"}
                """
                        .replace("\n", " "));
        ChatMessage message = new ChatMessage("user", "Hi", List.of(), Map.of("name", "\"Ann\""));
        ChatTemplate template = ChatTemplate.read(folder);
        assertEquals(
                "<s>T|3|Ann|Hi</s>",
                template.render(chat(message, options(false, false, Map.of("effort", "3"))))
                        .text());
        assertEquals(
                "<s>T||Ann|Hi",
                template.render(chat(message, options(false, true, Map.of()))).text());
        for (TemplateOptions wrong :
                List.of(
                        options(true, true, Map.of()),
                        options(true, false, Map.of("messages", "[]")))) {
            assertThrows(InputException.class, () -> template.render(chat(message, wrong)));
        }
    }

    private static Prompt.Chat chat(ChatMessage message, TemplateOptions options) {
        return new Prompt.Chat(List.of(message), List.of(), options);
    }

    private static TemplateOptions options(
            boolean open, boolean continueFinal, Map<String, String> variables) {
        return new TemplateOptions(open, continueFinal, List.of("{\"title\": \"T\"}"), variables);
    }

    @Test
    void aRefusalHasTheWordsOfTheTemplate() throws IOException {
        writeConfig("{{ raise_exception('System role not supported') }}");
        InputException e =
                assertThrows(
                        InputException.class,
                        () ->
                                ChatTemplate.read(folder)
                                        .render(List.of(ChatMessage.user("x")), List.of(), true));
        assertEquals("the chat template refuses this: System role not supported", e.getMessage());
    }

    @Test
    void anotherDefaultSystemMessageIsKept() throws IOException {
        String jinja =
                Goldens.read(DEMO.resolve("tokenizer_config.json"))
                        .get("chat_template")
                        .asString()
                        .replace(
                                "You are Qwen, created by Alibaba Cloud. You are a helpful"
                                        + " assistant.",
                                "Please reason step by step.");
        writeConfig(jinja);
        assertEquals(
                "<|im_start|>system\nPlease reason step by step.<|im_end|>\n"
                        + "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
                ChatTemplate.read(folder).render(List.of(ChatMessage.user("Hi")), List.of(), true));
    }

    @Test
    void aSeparateFileComesFirst() throws IOException {
        writeConfig("unknown");
        String jinja =
                Goldens.read(DEMO.resolve("tokenizer_config.json")).get("chat_template").asString();
        Files.writeString(folder.resolve("chat_template.jinja"), jinja);
        assertTrue(
                ChatTemplate.read(folder)
                        .render(List.of(ChatMessage.user("Hi")), List.of(), false)
                        .startsWith("<|im_start|>system\nYou are Qwen"));
    }

    @Test
    void nonsenseIsRefused() {
        ChatTemplate template = ChatTemplate.read(DEMO);
        assertThrows(InputException.class, () -> template.render(List.of(), List.of(), true));
        assertThrows(
                InputException.class,
                () -> template.render(List.of(ChatMessage.user("x")), List.of("{not json"), true));
    }

    private void writeConfig(String template) throws IOException {
        ObjectNode config = new JsonMapper().createObjectNode().put("chat_template", template);
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
    }
}
