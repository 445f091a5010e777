package dev.longhand.engine.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Stop strings across token boundaries, compared with a search in the finished text. */
class TextStreamTest {
    private static final Tokenizer TOKENIZER =
            Tokenizer.open(Goldens.DEMO.resolve("checkpoint")).orElseThrow();
    private static final TokenTable TABLE = TOKENIZER.table();

    @Test
    void stopsAsAStringSearchWould() {
        Random random = new Random(5);
        int found = 0;
        for (int round = 0; round < 5000; round++) {
            String text = letters(random, 40);
            List<String> stops =
                    IntStream.range(0, 1 + random.nextInt(3))
                            .mapToObj(i -> letters(random, 1 + random.nextInt(6)))
                            .toList();
            String expected = cut(text, stops);
            TextStream stream = new TextStream(TABLE, stops);
            StopCondition condition = new StopCondition(List.of(), TABLE, stops);
            StringBuilder out = new StringBuilder();
            boolean stopped = false;
            for (int token : TOKENIZER.encode(text)) {
                out.append(stream.append(token, TokenLog.NO_END));
                assertTrue(expected.startsWith(out.toString()), "showed part of a stop string");
                if (condition.endsWith(token)) {
                    stopped = true;
                    break;
                }
            }
            out.append(stream.finish());
            assertEquals(expected, out.toString(), text + " " + stops);
            assertEquals(expected.length() < text.length(), stopped, text + " " + stops);
            found += stopped ? 1 : 0;
        }
        assertTrue(found > 500 && found < 4900, "the cases are one-sided: " + found);
    }

    @Test
    void endTokensHaveNoTextAndEnd() {
        int end = TOKENIZER.encode("<|im_end|>")[0];
        StopCondition condition = new StopCondition(List.of(end), TABLE, List.of());
        assertTrue(condition.endsWith(end));
        assertFalse(condition.endsWith(TOKENIZER.encode("a")[0]));
        assertEquals("", new TextStream(TABLE, List.of()).append(end, TokenLog.NO_END));
    }

    /** Returns text from few letters, so that stop strings overlap themselves and each other. */
    private static String letters(Random random, int length) {
        String alphabet = "ab\u00e9";
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    /**
     * Returns the text before the stop string that ends first, the longest if several end there.
     */
    private static String cut(String text, List<String> stops) {
        for (int end = 1; end <= text.length(); end++) {
            String read = text.substring(0, end);
            int length =
                    stops.stream().filter(read::endsWith).mapToInt(String::length).max().orElse(0);
            if (length > 0) {
                return text.substring(0, end - length);
            }
        }
        return text;
    }
}
