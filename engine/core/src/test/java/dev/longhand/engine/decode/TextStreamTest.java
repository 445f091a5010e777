package dev.longhand.engine.decode;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.engine.Goldens;
import dev.longhand.engine.generation.Thinking;
import dev.longhand.engine.generation.ThoughtMarkers;
import dev.longhand.engine.thought.MarkerChoice;
import dev.longhand.engine.thought.ThoughtRules;
import dev.longhand.engine.thought.ThoughtTracker;
import dev.longhand.engine.tokenizer.TokenTable;
import dev.longhand.engine.tokenizer.Tokenizer;

import org.junit.jupiter.api.Test;

import java.util.List;
import java.util.Random;
import java.util.Set;
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
            TextStream stream = new TextStream(TABLE, StopRules.of(stops), null);
            StopCondition condition = new StopCondition(StopRules.of(stops), TABLE, null);
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

    /** Stop strings in random texts with a thought, which may lie across tokens in any way. */
    @Test
    void thoughtsAreExempt() {
        Random random = new Random(6);
        ThoughtRules rules =
                new ThoughtRules(
                        Thinking.DEFAULT,
                        new MarkerChoice(
                                List.of(
                                        ThoughtMarkers.of("(1(", ")2)"),
                                        ThoughtMarkers.of("(3(", ")4)")),
                                Set.of()),
                        TOKENIZER);
        int found = 0;
        for (int round = 0; round < 3000; round++) {
            String before = random.nextBoolean() ? letters(random, 6) : "";
            String answer = letters(random, 20);
            String head = before + "(1(" + letters(random, 20) + ")2)";
            List<String> stops = List.of(letters(random, 2 + random.nextInt(3)), ")2)a");
            String cutBefore = cut(before, stops);
            String expected =
                    cutBefore.length() < before.length() ? cutBefore : head + cut(answer, stops);
            int[] prompt = TOKENIZER.encode("x");
            ThoughtTracker tracker = new ThoughtTracker(rules, TABLE, prompt);
            StopCondition condition = new StopCondition(StopRules.of(stops), TABLE, tracker);
            TextStream stream =
                    new TextStream(
                            TABLE, StopRules.of(stops), new ThoughtTracker(rules, TABLE, prompt));
            StringBuilder out = new StringBuilder();
            boolean stopped = false;
            for (int token : TOKENIZER.encode(head + answer)) {
                tracker.accept(token);
                out.append(stream.append(token, TokenLog.NO_END));
                if (condition.endsWith(token)) {
                    stopped = true;
                    break;
                }
            }
            out.append(stream.finish());
            assertEquals(expected, out.toString(), head + answer + " " + stops);
            assertEquals(expected.length() < head.length() + answer.length(), stopped);
            found += stopped ? 1 : 0;
        }
        assertTrue(found > 300 && found < 2900, "the cases are one-sided: " + found);
    }

    @Test
    void endTokensHaveNoTextAndEnd() {
        int end = TOKENIZER.encode("<|im_end|>")[0];
        StopCondition condition = new StopCondition(StopRules.of(List.of(), end), TABLE, null);
        assertTrue(condition.endsWith(end));
        assertFalse(condition.endsWith(TOKENIZER.encode("a")[0]));
        assertEquals(
                "",
                new TextStream(TABLE, StopRules.of(List.of(), end), null)
                        .append(end, TokenLog.NO_END));
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
