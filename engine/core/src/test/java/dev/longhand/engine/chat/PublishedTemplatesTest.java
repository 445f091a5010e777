package dev.longhand.engine.chat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.longhand.engine.SharedFiles;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.Settings;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.generation.Prompt;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Templates of published models against what transformers renders, byte for byte. */
class PublishedTemplatesTest {
    private static final JsonMapper JSON = new JsonMapper();
    private static final List<String> CONVERSATION =
            List.of(
                    "messages",
                    "tools",
                    "documents",
                    "add_generation_prompt",
                    "continue_final_message");

    @TempDir private Path folder;

    @TestFactory
    Stream<DynamicTest> rendersAsTransformersDoes() throws IOException {
        Path templates = SharedFiles.require("templates");
        return Files.readAllLines(templates.resolve("cases.jsonl")).stream()
                .map(JSON::readTree)
                .map(
                        test ->
                                DynamicTest.dynamicTest(
                                        test.get("id").asString(), () -> check(templates, test)));
    }

    private void check(Path templates, JsonNode test) throws IOException {
        ObjectNode config = ((ObjectNode) test.get("special_tokens")).deepCopy();
        Path source = templates.resolve(test.get("template").asString());
        config.put("chat_template", Files.readString(source));
        Files.writeString(folder.resolve("tokenizer_config.json"), config.toString());
        ChatTemplate template = ChatTemplate.read(folder);
        Prompt.Chat chat = conversation(test);
        if (test.has("error")) {
            InputException e = assertThrows(InputException.class, () -> template.render(chat));
            String words = test.get("error").asString().replaceFirst("^\\w+: ", "");
            assertEquals(words, e.getMessage().replaceFirst("^the chat template [^:]*: ", ""));
            return;
        }
        ChatTemplate.Rendering rendered = template.render(chat);
        assertEquals(test.get("expected").asString(), rendered.text());
        if (test.has("generation_spans")) {
            List<List<Integer>> spans = new ArrayList<>();
            for (ChatTemplate.Span span : rendered.generated()) {
                spans.add(
                        List.of(
                                rendered.text().codePointCount(0, span.begin()),
                                rendered.text().codePointCount(0, span.end())));
            }
            assertEquals(expectedSpans(test), spans);
        }
    }

    /** Spans of the cases include what continue_final_message cuts off. */
    private static List<List<Integer>> expectedSpans(JsonNode test) {
        String text = test.get("expected").asString();
        int length = text.codePointCount(0, text.length());
        return test.get("generation_spans")
                .valueStream()
                .map(span -> List.of(span.get(0).asInt(), Math.min(length, span.get(1).asInt())))
                .toList();
    }

    private static Prompt.Chat conversation(JsonNode test) {
        ObjectNode file = JSON.createObjectNode();
        CONVERSATION.stream().filter(test::has).forEach(key -> file.set(key, test.get(key)));
        file.set("chat_template_kwargs", test.get("kwargs"));
        return ConversationReader.read(
                Settings.parse("case", file.toString().getBytes(StandardCharsets.UTF_8)));
    }

    /** The time is printed; it is compared with the limit of 5 ms by hand. */
    @Test
    void aLongConversationRendersFast() throws IOException {
        Path templates = SharedFiles.require("templates");
        List<ChatMessage> messages = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            messages.add(ChatMessage.user("What is " + i + " * 17? " + "Please. ".repeat(20)));
            messages.add(
                    ChatMessage.assistant(
                            "<think>\n" + "Let me see. ".repeat(50) + "\n</think>\n\n" + 17 * i));
        }
        Prompt.Chat chat = new Prompt.Chat(messages, List.of());
        for (String name : List.of("Qwen2.5-Instruct", "QwQ-32B", "Qwen3")) {
            Files.copy(
                    templates.resolve(name + ".jinja"),
                    folder.resolve("chat_template.jinja"),
                    StandardCopyOption.REPLACE_EXISTING);
            ChatTemplate template = ChatTemplate.read(folder);
            long best = Long.MAX_VALUE;
            for (int i = 0; i < 300; i++) {
                long begin = System.nanoTime();
                template.render(chat);
                best = Math.min(best, System.nanoTime() - begin);
            }
            System.out.printf("%s: %.2f ms for 100 turns%n", name, best / 1e6);
            assertEquals(true, best < 50_000_000, "ten times the limit, on a loaded machine");
        }
    }
}
