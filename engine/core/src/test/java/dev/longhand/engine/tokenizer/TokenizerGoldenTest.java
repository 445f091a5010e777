package dev.longhand.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.QwenTokenizerFiles;

import org.junit.jupiter.api.Test;

import tools.jackson.databind.JsonNode;

import java.nio.file.Path;
import java.text.Normalizer;

/** The real Qwen2.5 vocabulary, compared with the results of Hugging Face's tokenizer. */
class TokenizerGoldenTest {
    private static final JsonNode GOLDEN =
            Goldens.read(Goldens.FOLDER.resolve("qwen2.5-tokenizer.json"));

    private static int[] ids(JsonNode node) {
        return Goldens.integers(node).stream().mapToInt(Integer::intValue).toArray();
    }

    private static Tokenizer qwen() {
        return Tokenizer.open(QwenTokenizerFiles.require()).orElseThrow();
    }

    @Test
    void textsToIdsAndBack() {
        Tokenizer tokenizer = qwen();
        assertTrue(GOLDEN.get("texts").size() >= 40);
        for (JsonNode golden : GOLDEN.get("texts")) {
            int[] ids = ids(golden.get("ids"));
            String text = golden.get("text").asString();
            assertArrayEquals(ids, tokenizer.encode(text), text);
            assertEquals(
                    golden.get("decoded_without_special").asString(), tokenizer.decode(ids), text);
        }
    }

    @Test
    void brokenCharactersDecodeAsHuggingFaceDoes() {
        Tokenizer tokenizer = qwen();
        for (JsonNode golden : GOLDEN.get("pieces")) {
            int[] ids = ids(golden.get("ids"));
            assertEquals(golden.get("decoded").asString(), tokenizer.decode(ids));
        }
    }

    @Test
    void renderedChatsToIds() {
        Tokenizer tokenizer = qwen();
        for (JsonNode golden : GOLDEN.get("chats")) {
            assertArrayEquals(
                    ids(golden.get("ids")),
                    tokenizer.encode(golden.get("text").asString()),
                    golden.get("name").asString());
        }
    }

    @Test
    void vocabularyEndsWhereTheTokenizerEnds() {
        assertEquals(151_665, qwen().vocabularySize());
    }

    @Test
    void demoTokenizerRoundTrips() {
        Path demo = Goldens.DEMO.resolve("checkpoint");
        Tokenizer tokenizer = Tokenizer.open(demo).orElseThrow();
        for (JsonNode golden : GOLDEN.get("texts")) {
            String decoded =
                    Normalizer.normalize(golden.get("text").asString(), Normalizer.Form.NFC);
            if (!decoded.contains("<|")) { // control tokens have no text
                assertEquals(decoded, tokenizer.decode(tokenizer.encode(decoded)), decoded);
            }
        }
    }
}
