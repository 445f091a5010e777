package dev.longhand.engine.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import org.junit.jupiter.api.Test;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

class StreamingDetokenizerTest {
    private static final String REPLACEMENT = "\ufffd";

    @Test
    void piecesOfValidTextAreNeverSplit() {
        String text = "a\u00e9\u20ac\ud83d\ude00\u4f60\u597d z\u0000\ud83d\udc68\u200d\ud83d\udc69";
        StreamingDetokenizer detokenizer = new StreamingDetokenizer();
        StringBuilder out = new StringBuilder();
        for (byte next : text.getBytes(StandardCharsets.UTF_8)) {
            detokenizer.append(next);
            String piece = detokenizer.take(0);
            assertFalse(piece.contains(REPLACEMENT), piece);
            out.append(piece);
        }
        assertEquals(text, out + detokenizer.finish());
    }

    @Test
    void anyBytesInAnyPiecesEqualOneDecode() {
        Random random = new Random(11);
        for (int round = 0; round < 20_000; round++) {
            byte[] bytes = randomBytes(random);
            StreamingDetokenizer detokenizer = new StreamingDetokenizer();
            StringBuilder out = new StringBuilder();
            for (byte next : bytes) {
                detokenizer.append(next);
                if (random.nextInt(3) == 0) {
                    out.append(detokenizer.take(random.nextInt(3)));
                }
            }
            out.append(detokenizer.finish());
            String expected = decode(bytes);
            assertEquals(expected, out.toString(), Arrays.toString(bytes));
        }
    }

    /**
     * Decodes like Rust's from_utf8_lossy: three bytes that encode a surrogate are three errors,
     * not one.
     */
    private static String decode(byte[] bytes) {
        byte[] copy = bytes.clone();
        for (int i = 1; i < copy.length; i++) {
            if (copy[i - 1] == (byte) 0xed
                    && (copy[i] & 0xff) >= 0xa0
                    && (copy[i] & 0xff) <= 0xbf) {
                copy[i - 1] = (byte) 0xff;
            }
        }
        return new String(copy, StandardCharsets.UTF_8);
    }

    /**
     * Returns valid text with single bytes dropped or changed, so that all kinds of errors occur.
     */
    private static byte[] randomBytes(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(12); i >= 0; i--) {
            int[] bounds = {0x80, 0x800, 0xd800, 0x110000};
            int codePoint = random.nextInt(bounds[random.nextInt(bounds.length)]);
            text.appendCodePoint(codePoint >= 0xd800 && codePoint <= 0xdfff ? 0xe9 : codePoint);
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        for (int i = random.nextInt(3); i > 0; i--) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        return Arrays.copyOf(bytes, bytes.length - random.nextInt(2));
    }
}
