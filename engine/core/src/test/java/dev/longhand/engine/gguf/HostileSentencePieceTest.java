package dev.longhand.engine.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.error.InputException;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Vocabularies of SentencePiece that break the format: each causes one clear error. */
class HostileSentencePieceTest {
    private static final String TOKENS = "tokenizer.ggml.tokens";
    private static final String TYPES = "tokenizer.ggml.token_type";
    private static final String SCORES = "tokenizer.ggml.scores";

    @TempDir private Path folder;

    /** A change to a good file and what the error must say. */
    private record Case(String says, Consumer<GgufBytes> change) {}

    private static GgufBytes good() {
        GgufBytes file = new GgufBytes().text("general.architecture", "llama");
        file.text("tokenizer.ggml.model", "llama").number("tokenizer.ggml.unknown_token_id", 0);
        file.texts(
                TOKENS, List.of("<unk>", "<0x61>", "b", "c", "bc", "\u2581", "\u2581bc", "", "x"));
        file.numbers(TYPES, 2, 6, 1, 1, 1, 1, 1, 5, 4);
        return file.decimals(SCORES, 0, 0, -3, -4, -1, -5, -2, 0, 0);
    }

    @TestFactory
    Stream<DynamicTest> oneClearError() {
        String longest = "b".repeat(257);
        return Stream.of(
                        new Case("token_type is missing", file -> file.remove(TYPES)),
                        new Case("token_type must be as long", file -> file.numbers(TYPES, 2, 6)),
                        new Case("token_type must be a list", file -> file.number(TYPES, 1)),
                        new Case(
                                "must be a list of whole numbers",
                                file -> file.decimals(TYPES, 2, 6, 1, 1, 1, 1, 1, 5, 4)),
                        new Case("scores must be as long as", file -> file.remove(SCORES)),
                        new Case("scores must be as long as", file -> file.decimals(SCORES, 0, 0)),
                        new Case("scores must be a list", file -> file.text(SCORES, "0")),
                        new Case(
                                "list of finite float32s",
                                file -> file.numbers(SCORES, 0, 0, -3, -4, -1, -5, -2, 0, 0)),
                        new Case(
                                "list of finite float32s",
                                file -> file.decimals(SCORES, 0, 0, 0, 0, 0 / 0f, 0, 0, 0, 0)),
                        new Case("has \"b\" twice, at 2 and 3", file -> tokens(file, "b", "bc")),
                        new Case(
                                "has at 4 one of more than 256",
                                file -> tokens(file, "c", longest)),
                        new Case("token_type must be as long", file -> file.remove(TOKENS)),
                        new Case(
                                "tokens must be a list of strings",
                                file -> file.numbers(TOKENS, 1, 2, 3, 4, 5, 6, 7, 8, 9)),
                        new Case(
                                "unknown_token_id is 9 of 9 tokens",
                                file -> file.number("tokenizer.ggml.unknown_token_id", 9)),
                        new Case(
                                "add_space_prefix must be true or false",
                                file -> file.number("tokenizer.ggml.add_space_prefix", 1)))
                .map(each -> DynamicTest.dynamicTest(each.says, () -> refused(each)));
    }

    private static void tokens(GgufBytes file, String third, String fourth) {
        file.texts(
                TOKENS,
                List.of("<unk>", "<0x61>", "b", third, fourth, "\u2581", "\u2581bc", "", "x"));
    }

    private void refused(Case each) {
        GgufBytes bytes = good();
        each.change.accept(bytes);
        Path file = bytes.write(folder.resolve("hostile.gguf"));
        String message =
                assertThrows(InputException.class, () -> Tokenizer.open(file)).getMessage();
        assertTrue(message.contains(each.says), message);
        assertTrue(message.startsWith(file.toString()), message);
        assertEquals(1, message.lines().count(), message);
    }

    @Test
    void theGoodFileOpens() {
        assertArrayEquals(new int[] {6, 1, 8, 5, 2, 0, 4}, encoded(good(), "bcaxbzbc"));
        GgufBytes bare = good().raw("tokenizer.ggml.add_space_prefix", 7, new byte[1]);
        assertArrayEquals(new int[] {4, 5, 2}, encoded(bare, "bc b"));
    }

    private int[] encoded(GgufBytes bytes, String text) {
        try (Tokenizer tokenizer =
                Tokenizer.open(bytes.write(folder.resolve("good.gguf"))).orElseThrow()) {
            return tokenizer.encode(text);
        }
    }

    /** Random damage gives either a vocabulary or one clear error, never any other failure. */
    @Test
    void randomDamageGivesAVocabularyOrOneClearError() {
        byte[] good = good().bytes();
        Random random = new Random(7);
        int refused = 0;
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = good.clone();
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                VocabularyJson.of(GgufFile.parse(folder, MemorySegment.ofArray(bytes)).metadata());
            } catch (InputException e) {
                refused++;
                assertEquals(1, e.getMessage().lines().count(), e.getMessage());
                assertTrue(e.getMessage().length() < 1000, e.getMessage());
            }
        }
        assertTrue(refused > 4_000 && refused < 20_000, refused + " were refused");
    }
}
