package dev.longhand.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.QwenTokenizerFiles;
import dev.longhand.engine.error.InputException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Long texts in pieces and the bound of token counts, compared with whole encodings. */
class LongTextTest {
    /** Parts that meet at every kind of cut, and beside every kind of cut that must not be made. */
    private static final List<String> PARTS =
            List.of(
                    "word",
                    "Word's",
                    "'ll",
                    "don't ",
                    "I'LL",
                    "12",
                    "3",
                    " ",
                    "  ",
                    "   \n",
                    "\n",
                    "\n\n",
                    "\r\n",
                    "\t",
                    "\n ",
                    "\n\t\n",
                    "!",
                    "?!\n",
                    " !\n\n",
                    "<|im_end|>",
                    "<|im_start|>user\n",
                    "<|im_",
                    "é",
                    "e\u0301",
                    "\u0301",
                    " \u0301",
                    "\n\u0301",
                    "日本語",
                    "。\n",
                    "\u3000",
                    "\n\u3000",
                    "\u00a0",
                    "\u0085",
                    "\n\u0085",
                    "\u2028",
                    "한",
                    "\u1112\u1161\u11ab",
                    "😀",
                    "x = y\n",
                    "(a b)",
                    "'s x",
                    "\u017f",
                    "'\u017f",
                    "_");

    private static String text(Random random, int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(PARTS.get(random.nextInt(PARTS.size())));
        }
        return text.toString();
    }

    private static int[] whole(Tokenizer tokenizer, String text) {
        return tokenizer.encodePiece(text);
    }

    private static void check(Path folder) {
        Tokenizer tokenizer = Tokenizer.open(folder).orElseThrow();
        Random random = new Random(7);
        int cuts = 0;
        for (int i = 0; i < 40; i++) {
            String text = text(random, 3 * TextPieces.CHARACTERS_MIN);
            int[] ids = whole(tokenizer, text);
            assertArrayEquals(ids, tokenizer.encode(text));
            for (String piece : pieces(text)) {
                cuts += piece.length() < text.length() ? 1 : 0;
            }
            double atLeast = tokenizer.tokensAtLeast(text, Double.MAX_VALUE);
            assertTrue(atLeast > 0 && atLeast <= ids.length, atLeast + " " + ids.length);
        }
        assertTrue(cuts > 40, cuts + " pieces");
    }

    private static List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        for (int from = 0; from < text.length(); from = TextPieces.end(text, from)) {
            pieces.add(text.substring(from, TextPieces.end(text, from)));
        }
        return pieces;
    }

    /** Every cut that the rules allow, not only those far apart. */
    private static void checkEveryCut(Path folder) {
        Tokenizer tokenizer = Tokenizer.open(folder).orElseThrow();
        Random random = new Random(8);
        int cuts = 0;
        for (int i = 0; i < 300; i++) {
            String text = text(random, 60);
            int[] ids = whole(tokenizer, text);
            for (int at = 1; at < text.length(); at++) {
                if (TextPieces.cuts(text.charAt(at - 1), text.charAt(at))) {
                    int[] before = whole(tokenizer, text.substring(0, at));
                    int[] after = whole(tokenizer, text.substring(at));
                    int[] both = Arrays.copyOf(before, before.length + after.length);
                    System.arraycopy(after, 0, both, before.length, after.length);
                    assertArrayEquals(ids, both, text + " at " + at);
                    cuts++;
                }
            }
        }
        assertTrue(cuts > 500, cuts + " cuts");
    }

    @Test
    void piecesOfTheDemo() {
        check(Goldens.DEMO.resolve("checkpoint"));
        checkEveryCut(Goldens.DEMO.resolve("checkpoint"));
    }

    @Test
    void piecesOfQwen() {
        check(QwenTokenizerFiles.require());
        checkEveryCut(QwenTokenizerFiles.require());
    }

    @Test
    void encodingEndsSoonAfterTheLimit() {
        Tokenizer tokenizer = Tokenizer.open(Goldens.DEMO.resolve("checkpoint")).orElseThrow();
        String text = "What is 17 * 24? ".repeat(100_000);
        int[] ids = tokenizer.encode(text, 1000);
        assertTrue(ids.length > 1000 && ids.length < 20_000, ids.length + " ids");
        assertArrayEquals(Arrays.copyOf(tokenizer.encode(text), ids.length), ids);
    }

    @Test
    void theBoundOfOrdinaryTextIsExactForBytes() {
        Tokenizer tokenizer = Tokenizer.open(Goldens.DEMO.resolve("checkpoint")).orElseThrow();
        assertEquals(5, tokenizer.tokensAtLeast("12345", Double.MAX_VALUE), 1e-9);
        assertEquals(1, tokenizer.tokensAtLeast("1".repeat(1 << 20), 1), 1e-9);
    }

    /** A normalizer that replaces texts could make them endless. */
    @Test
    void onlyNfcIsAccepted(@TempDir Path folder) throws IOException {
        String json = Files.readString(Goldens.DEMO.resolve("checkpoint/tokenizer.json"));
        Path file = folder.resolve("tokenizer.json");
        String nfc = "\"type\": \"NFC\"";
        assertTrue(json.contains(nfc), "the demo's normalizer");
        Files.writeString(
                file,
                json.replace(nfc, "\"type\":\"Sequence\",\"normalizers\":[{%s}]".formatted(nfc)));
        Tokenizer.open(folder).orElseThrow().close();
        Files.writeString(
                file,
                json.replace(
                        nfc,
                        "\"type\":\"Replace\",\"pattern\":{\"String\":\"\"},\"content\":\"b\""));
        var error = assertThrows(InputException.class, () -> Tokenizer.open(folder));
        assertTrue(error.getMessage().contains("only NFC is"), error.getMessage());
    }
}
