package dev.longhand.engine.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.chat.ChatTemplate;
import dev.longhand.engine.generation.ChatMessage;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.util.List;

/** The tokenizer and the template of the demo in GGUF against those in its folder. */
class GgufTokenizerTest {
    private static final Path FOLDER = Goldens.DEMO.resolve("checkpoint");
    private static final Path GGUF = Goldens.FOLDER.resolve("gguf/tokenizer.gguf");

    @TempDir private Path temporary;

    @Test
    void textsHaveTheSameIds() {
        JsonNode texts = Goldens.read(Goldens.FOLDER.resolve("qwen2.5-tokenizer.json"));
        try (Tokenizer expected = Tokenizer.open(FOLDER).orElseThrow();
                Tokenizer actual = Tokenizer.open(GGUF).orElseThrow()) {
            assertEquals(expected.vocabularySize(), actual.vocabularySize());
            for (JsonNode each : texts.get("texts")) {
                String text = each.get("text").asString() + "<|im_end|> [PAD620]";
                int[] ids = expected.encode(text);
                assertArrayEquals(ids, actual.encode(text), text);
                assertEquals(expected.decode(ids), actual.decode(ids));
            }
            String words = "word ".repeat(20_000); // is counted before it is encoded
            assertEquals(expected.tokensAtLeast(words, 1e9), actual.tokensAtLeast(words, 1e9));
            assertTrue(actual.tokensAtLeast(words, 1e9) > 0);
        }
    }

    @Test
    void conversationsAreRenderedAlike() {
        List<ChatMessage> messages = List.of(ChatMessage.user("Hi"));
        assertEquals(
                ChatTemplate.read(FOLDER).render(messages, List.of("{\"a\":1}"), true),
                ChatTemplate.read(GGUF).render(messages, List.of("{\"a\":1}"), true));
    }

    @Test
    void namedTemplatesAndSpecialTokensAreRead() {
        GgufBytes file = new GgufBytes();
        file.texts("tokenizer.ggml.tokens", List.of("<s>", "</s>"));
        file.number("tokenizer.ggml.bos_token_id", 0).number("tokenizer.ggml.eos_token_id", 1);
        file.number("tokenizer.ggml.padding_token_id", 1);
        file.text("tokenizer.chat_template", "{{ bos_token }}plain{{ eos_token }}");
        file.texts("tokenizer.chat_templates", List.of("tool_use"));
        file.text("tokenizer.chat_template.tool_use", "tools{{ pad_token }}");
        ChatTemplate template = ChatTemplate.read(file.write(temporary.resolve("named.gguf")));
        List<ChatMessage> messages = List.of(ChatMessage.user("Hi"));
        assertEquals("<s>plain</s>", template.render(messages, List.of(), true));
        assertEquals("tools</s>", template.render(messages, List.of("{}"), true));
    }

    @Test
    void aFileWithoutTokenizerHasNone() {
        Path file = new GgufBytes().text("a", "b").write(temporary.resolve("none.gguf"));
        assertTrue(Tokenizer.open(file).isEmpty());
    }
}
