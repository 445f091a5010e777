package dev.longhand.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import tools.jackson.databind.JsonNode;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Vocabularies of SentencePiece in folders and in GGUF files against transformers. */
class SentencePieceGoldenTest {
    private static final Path FOLDER = Goldens.FOLDER.resolve("sentencepiece");

    private static int[] ids(JsonNode node) {
        return Goldens.integers(node).stream().mapToInt(Integer::intValue).toArray();
    }

    @ParameterizedTest
    @CsvSource({
        "llama, llama, 640",
        "llama.gguf, llama, 640",
        "gemma, gemma, 641", // transformers adds <mask>
        "gemma.gguf, gemma, 640",
        "first, first, 640"
    })
    void textsToIdsAndBack(String model, String golden, int size) {
        JsonNode texts = Goldens.read(FOLDER.resolve(golden + ".json")).get("texts");
        try (Tokenizer tokenizer = Tokenizer.open(FOLDER.resolve(model)).orElseThrow()) {
            assertEquals(size, tokenizer.vocabularySize());
            assertTrue(texts.size() > 15);
            for (JsonNode each : texts) {
                String text = each.get("text").asString();
                int[] ids = ids(each.get("ids"));
                assertArrayEquals(ids, tokenizer.encode(text), text);
                assertTrue(tokenizer.tokensAtLeast(text, 1e9) <= ids.length, text);
                assertEquals(each.get("decoded").asString(), tokenizer.decode(ids), text);
            }
        }
    }

    /** A continuation keeps its first space: only a text from its beginning loses one. */
    @Test
    void spacesAndBytesAreInTheTable() {
        try (Tokenizer tokenizer = Tokenizer.open(FOLDER.resolve("llama.gguf")).orElseThrow()) {
            TokenTable table = tokenizer.table();
            int[] ids = tokenizer.encode("the \u0001");
            assertEquals(" the", text(table, ids[0]));
            assertEquals("\u0001", text(table, ids[ids.length - 1]));
            assertTrue(tokenizer.tokensAtLeast("a".repeat(1 << 20), 10) >= 10);
            String signs = "\u2581".repeat(1000); // spaces, to SentencePiece
            assertTrue(tokenizer.tokensAtLeast(signs, 1e9) <= tokenizer.encode(signs).length);
        }
    }

    private static String text(TokenTable table, int token) {
        byte[] bytes = new byte[table.length(token)];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = table.byteAt(token, i);
        }
        return new String(bytes, StandardCharsets.UTF_8);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"ByteFallback\" | \"Metaspace\" | decoder Sequence is not supported",
                "\"content\": \" \" | \"content\": \"x\" | decoder Sequence is not supported",
                "\"String\": \" \" | \"String\": \"\" | normalizer Replace is not supported",
                "\"String\": \" \" | \"Regex\": \" \" | normalizer Replace is not supported",
                "\"BPE\" | \"Unigram\" | model Unigram is not supported"
            })
    void otherKindsAreRefused(String from, String to, String says, @TempDir Path folder)
            throws IOException {
        String json = Files.readString(FOLDER.resolve("gemma/tokenizer.json"));
        assertTrue(json.contains(from), from);
        Files.writeString(folder.resolve("tokenizer.json"), json.replace(from, to));
        String message =
                assertThrows(InputException.class, () -> Tokenizer.open(folder)).getMessage();
        assertTrue(message.contains(says), message);
        assertEquals(1, message.lines().count(), message);
    }
}
