package dev.longhand.engine.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.ChatMessage;
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
import java.util.stream.Stream;

/** Qwen2.5's template against what Jinja renders, byte for byte. */
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
    void anUnknownTemplateIsRefusedByName() throws IOException {
        writeConfig("{% for m in messages %}{{ m.content }}{% endfor %}");
        InputException e = assertThrows(InputException.class, () -> ChatTemplate.read(folder));
        assertTrue(e.getMessage().contains("tokenizer_config.json: chat template with SHA-256"));
        assertTrue(e.getMessage().contains(ChatTemplate.Recognition.REMEDY));
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
                () ->
                        template.render(
                                List.of(new ChatMessage("nobody", "x", List.of())),
                                List.of(),
                                true));
        assertThrows(
                InputException.class,
                () -> template.render(List.of(ChatMessage.user("x")), List.of("{not json"), true));
    }

    private void writeConfig(String template) throws IOException {
        ObjectNode config = new JsonMapper().createObjectNode().put("chat_template", template);
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
    }
}
